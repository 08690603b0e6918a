"""The tools that ship with lmsvc: their descriptions and the programs behind them."""
