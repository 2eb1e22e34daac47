"""Files in, arrays out, and back: formats, orientation, colour profiles, resolution, 16 bit."""
