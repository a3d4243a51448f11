"""Second derivatives: whether what backward sends can be differentiated once more, and rightly."""

from byhand.second.graph import second_derivatives
from byhand.second.node import Seconded
from byhand.second.passes import counted, marked, second_in_pass

__all__ = ("Seconded", "counted", "marked", "second_derivatives", "second_in_pass")
