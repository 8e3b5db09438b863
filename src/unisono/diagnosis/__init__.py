"""Diagnosis: what every code, status and counter means, why it comes up, and what to do about it.

The facts are data (``data/*.csv``), so that the command line, the documentation and any later face say the same.
Here lives no check of a running system and nothing that reads the store.
"""

from unisono.diagnosis.codes import Explanation, Scope, Severity, all_codes, all_explanations, explain, suggest

__all__ = ["Explanation", "Scope", "Severity", "all_codes", "all_explanations", "explain", "suggest"]
