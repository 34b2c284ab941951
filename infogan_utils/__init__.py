"""Helpers of the series *InfoGAN, step by step*.

One module for one idea, each importing only from those before it: ``codes``; ``channel``, ``models``; ``objectives``;
``recipes``; ``training``; ``loop``, ``start``, ``checkpoint``; ``metrics``, ``judge``; ``plots``, ``progress``. Beside
them ``data``; after them ``toy``, ``dial`` and ``explorer``, ``widgets``. ``checks`` holds the checks of the exercises.
"""
