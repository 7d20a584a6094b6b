"""The problems of ``verification.exact`` and ``verification.manufactured``, solved by the program's own operators.

Studies run them finely, tests coarsely. Everything works on any number of ranks.
"""
