"""Load generator: scenarios, and a client that replays them as the simulator does.

It depends only on the API's contract, so it works on any MiniTwit.
"""
