"""The rows of the contract that every MiniTwit passes, a new one or a used one."""

from tests.contract import (
    follows,
    hostile,
    messages,
    register,
    routes,
    sessions,
    simulator,
    web,
)

CONTRACT = (
    follows,
    hostile,
    messages,
    register,
    routes,
    sessions,
    simulator,
    web,
)
