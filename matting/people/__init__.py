"""Where the people are: looked for in the whole picture and in parts of it."""

from matting.people.network import Network
from matting.people.networks import Networks
from matting.people.search import Found, find

__all__ = ["NOBODY", "Found", "Network", "Networks", "find"]

NOBODY = "nobody was found; the matte is empty"
"""What is said of a picture in which there is nobody."""
