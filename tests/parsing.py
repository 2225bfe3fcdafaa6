# SPDX-License-Identifier: Apache-2.0
"""Reading Python source as a tree, in a process where other threads and finalizers run."""

import ast
import gc


def parsed(text: str) -> ast.Module:
    """Return the tree of a source text.

    No collection of garbage begins meanwhile: a finalizer that ran within would upset the count
    that CPython 3.11 keeps of nested nodes ("AST constructor recursion depth mismatch").
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return ast.parse(text)
    finally:
        if collecting:
            gc.enable()
