"""Helpers of the series *InfoGAN, step by step*.

One module for one idea, each importing only from those before it:
``codes``, ``channel``, ``models``, ``objectives``, ``training``, with ``data`` beside them and
``metrics`` and ``plots`` after them; ``checks`` holds the checks of the exercises.
"""
