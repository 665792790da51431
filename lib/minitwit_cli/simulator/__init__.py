"""The simulator's side: scenarios to replay, and the program that replays them.

Knows the API only by the contract and nothing of the storage, so that it can be
pointed at any MiniTwit.
"""
