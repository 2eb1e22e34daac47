"""Trains the networks of our own; an extra that nothing imports at run time (docs/weights.md).

``prepare`` asks the teachers and cuts figures out; ``learn_coarse`` and ``learn_fine`` train on
scenes that ``compose`` makes and ``ageing`` wears out; ``export`` writes what OpenCV runs;
``evaluate`` prints every figure told of them. ``python -m matting.training`` does it all.
"""
