"""Second opinions on nodes that byhand has no rule for: custom Functions, custom operators, writes into views."""

from byhand.opinions.opinion import Opinion
from byhand.opinions.weighing import Second

__all__ = ("Opinion", "Second")
