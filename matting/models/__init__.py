"""Installed networks: what there is, how it comes here, and how to run it.

Python 3.11 and later, in the daemon's process; an engine process is told only a file's path.
Nothing is gathered here from the modules: settings know the catalog, and are not to import what an
installation takes.
"""
