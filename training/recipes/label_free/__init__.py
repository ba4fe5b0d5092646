"""The encoder taught by no label (MAE-AST, LossPred, SyllableLM)."""
