"""Names of outputs and of objects, their numbers, and the user's frames."""

import sys
import tempfile

from naming_operations import Thing

from byhand.recording.frames import standard_library, user_frame
from byhand.recording.naming import number_names
from byhand.recording.targets import output_names
from byhand.recording.variables import things


def names_of(*namespaces, is_it):
    """The names of what `is_it` recognises."""
    return tuple(name for name, thing in things(*namespaces, opened=lambda thing: True) if is_it(thing))


def test_numbers_of_names():
    """A name used again is numbered, a name used once is not, and no name has no number."""
    assert number_names(["h", "y", "h", "", "", "h"]) == (1, 0, 2, 0, 0, 3)


def test_names_of_outputs():
    """Several outputs share a name by number, or have those they are unpacked to."""
    assert output_names("h", 1) == ("h",)
    assert output_names("h", 2) == ("h[0]", "h[1]")
    assert output_names(("a", "*rest"), 3) == ("a", "rest[0]", "rest[1]")
    assert output_names(("a", ("b", "c")), 2) == ("a", "")
    assert output_names(("a", "b"), 3) == output_names(None, 3) == ("", "", "")
    assert output_names(("a", "b", "*c", "d"), 2) == ("", "")


def test_variables_of_an_object():
    """All variables of an object are found, locals first; hidden names and those that a local hides are not."""
    thing = Thing([])
    local, outer = {"h": thing, "_h": thing, "k": 1}, {"k": thing, "y": thing}

    assert names_of(local, outer, is_it=lambda other: other is thing) == ("h", "y")


def test_variables_that_hold_an_object():
    """Without a variable of its own, an object is found in lists, dictionaries and attributes, and in a module's parameters."""
    thing, layer, model = Thing([]), Thing([]), Thing([])
    layer._parameters = {"weight": thing}
    model._modules = {"0": 1, "head": thing}

    assert names_of({"params": {"w": thing, 3: thing, (): thing}}, is_it=lambda other: other is thing) == ("params['w']", "params[3]")
    assert names_of({"layers": [layer]}, is_it=lambda other: other is thing) == ("layers[0].weight",)
    assert names_of({"model": model}, is_it=lambda other: other is thing) == ("model.head",)
    assert names_of({"layers": [[[thing]]]}, is_it=lambda other: other is thing) == ()


def test_the_search_for_variables_is_bounded():
    """A long list is not searched to its end, and nobody's code runs: neither properties nor a proxy's class."""

    class Proxy:
        __class__ = property(lambda self: 1 / 0)
        value = property(lambda self: 1 / 0)

    asked = []
    names_of({"proxy": Proxy(), "numbers": [*range(1_000_000)]}, is_it=asked.append)

    assert len(asked) < 20_000 + 3


def test_the_users_frame():
    """The innermost frame whose file is the user's is found, with the frame that it called."""
    library = {"sys": sys, "user_frame": user_frame}
    exec(compile("def look(): return user_frame(sys._getframe())", tempfile.__file__, "exec"), library)
    exec(compile("frame, inner = look()", "<user>", "exec"), user := {"look": library["look"]})

    assert user["frame"].f_code.co_filename == "<user>"
    assert user["inner"].f_code.co_name == "look"


def test_the_standard_library():
    """Python's own files are known, and this one is not one of them."""
    assert standard_library(tempfile.__file__)
    assert standard_library("<frozen importlib._bootstrap>")
    assert not standard_library(__file__)
