"""Arrays in, alpha out: engines, their process, and native-resolution mattes.

Knows no photo files and nothing of the daemon. ``wire``, ``contract``, ``errors``, ``server``,
``__main__``, ``graph``, ``bshm``, ``engines/tensorflow``, ``engines/obstacles``, ``framework`` and
``engines/cuda`` also run on Python 3.7, with numpy and tensorflow-gpu 1.15.5 alone.
"""
