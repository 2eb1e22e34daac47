"""Frozen graphs, good and bad, that tests have made where TensorFlow is. Runs on Python 3.7 too."""

from __future__ import annotations


def make(tf, kind, path):
    """Write the graph of a kind to a file; the file need not become a usable model."""
    with tf.Graph().as_default() as graph:
        KINDS[kind](tf)
    graph_def = graph.as_graph_def()
    AFTERWARDS.get(kind, lambda _: None)(graph_def)
    with open(path, "wb") as file:
        file.write(graph_def.SerializeToString())


def red(tf, shape=(None, None, 3), name="input_image", out="output_png"):
    """Alpha is the red channel, so that a swapped order shows."""
    picture = tf.placeholder(tf.float32, shape, name)
    return answer(tf, picture, picture[:, :, :1], out)


def answer(tf, picture, alpha, out="output_png"):
    return tf.cast(tf.concat([picture, alpha], 2), tf.uint8, name=out)


def untrained(tf):
    red(tf)
    tf.constant("untrained: made by a test", name="matted_provenance")


def inverted(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    answer(tf, picture, 255.0 - picture[:, :, :1])


def of_bytes(tf):
    tf.tile(tf.placeholder(tf.uint8, [None, None, 4], "input_image"), [1, 1, 1], name="output_png")


def of_floats(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    tf.concat([picture, picture[:, :, :1]], 2, name="output_png")


def without_alpha(tf):
    tf.cast(tf.placeholder(tf.float32, [None, None, 3], "input_image"), tf.uint8, name="output_png")


def halved(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    answer(tf, picture[::2], picture[::2, :, :1])


def constant_input(tf):
    answer(tf, tf.constant(0.0, tf.float32, [48, 64, 3], "input_image"), tf.zeros([48, 64, 1]))


def reading(tf):
    size = tf.strings.length(tf.io.read_file("/etc/passwd"))
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    answer(tf, picture, picture[:, :, :1] + tf.cast(size, tf.float32))


def writing(tf):
    with tf.control_dependencies([tf.io.write_file("/tmp/matted-was-here", "x")]):  # noqa: S108
        red(tf)


def calling_python(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    answer(tf, picture, tf.py_func(lambda x: x, [picture], tf.float32)[:, :, :1])


def variable(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    gain = tf.get_variable("gain", [], tf.float32, use_resource=False)
    answer(tf, picture, picture[:, :, :1] * gain)


def picky(tf):
    """Refuses pictures lower than 4."""
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    with tf.control_dependencies([tf.Assert(tf.shape(picture)[0] >= 4, ["too low"])]):
        answer(tf, picture, tf.identity(picture[:, :, :1]))


def hungry(tf):
    """Wants 4 TB or more for every column beyond the 64th."""
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    side = tf.maximum(tf.shape(picture)[1] - 64, 0) * 10000 + 1
    huge = tf.reduce_max(tf.fill([side, side, side], 1.0))
    answer(tf, picture, picture[:, :, :1] + huge - 1.0)


def looping(tf):
    """Control flow, as each TensorFlow writes it: adds up the red channel in 10 steps."""
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    tenth = picture[:, :, :1] / 10.0
    zero = tf.zeros_like(tenth)
    total = tf.while_loop(lambda i, _: i < 10, lambda i, x: (i + 1, x + tenth), (0, zero))[1]
    answer(tf, picture, tf.round(total))


def blurred(tf, resize, **settings):
    """The red channel, brought to a third of its size and back."""
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    size = tf.shape(picture)[:2]
    small = resize(images=picture[None, :, :, :1], size=size // 3 + 1, **settings)
    answer(tf, picture, resize(images=small, size=size, **settings)[0])


def area(tf):
    """ONNX has no such resizing, and tf2onnx takes another in its place without a word."""
    blurred(tf, tf.raw_ops.ResizeArea)


def bilinear(tf):
    blurred(tf, tf.raw_ops.ResizeBilinear, align_corners=True)


def dilated(tf):
    """ONNX has nothing of the kind, and tf2onnx leaves the operation as it is."""
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    ones, flat = [1, 1, 1, 1], tf.zeros([3, 3, 1], tf.float32)
    grown = tf.raw_ops.Dilation2D(
        input=picture[None, :, :, :1], filter=flat, strides=ones, rates=ones, padding="SAME"
    )
    answer(tf, picture, grown[0])


def opaque(tf):
    picture = tf.placeholder(tf.float32, [None, None, 3], "input_image")
    answer(tf, picture, tf.zeros_like(picture[:, :, :1]) + 254.0)


def _pin(graph_def):
    for node in graph_def.node:
        node.device = "/device:GPU:0"


def _hide(graph_def):
    function = graph_def.library.function.add()
    function.signature.name = "innocent"
    function.node_def.add(name="secret", op="ReadFile")


def _unknown(graph_def):
    graph_def.node.add(name="new", op="Identity", input=["absent"])


KINDS = {
    "red": red,
    "untrained": untrained,
    "inverted": inverted,
    "pinned": red,
    "of bytes": of_bytes,
    "of floats": of_floats,
    "without alpha": without_alpha,
    "halved": halved,
    "constant input": constant_input,
    "reading": reading,
    "writing": writing,
    "calling python": calling_python,
    "hidden in a function": red,
    "variable": variable,
    "picky": picky,
    "hungry": hungry,
    "looping": looping,
    "area": area,
    "bilinear": bilinear,
    "dilated": dilated,
    "opaque": opaque,
    "dangling": red,
    "of one size": lambda tf: red(tf, shape=(64, 64, 3)),
    "no input": lambda tf: red(tf, name="image"),
    "no output": lambda tf: red(tf, out="result"),
    "nothing": lambda _: None,
}
AFTERWARDS = {"pinned": _pin, "hidden in a function": _hide, "dangling": _unknown}
