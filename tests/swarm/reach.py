"""Which containers listen where, and which of that others can connect to.

Run as a program in the network of a container: without arguments it prints the
addresses and the ports of its sockets, otherwise those of its arguments, each an
ADDRESS:PORT, that accept a connection.
"""

import json
import socket
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_LISTENS = "0A"  # Linux: TCP_LISTEN of include/net/tcp_states.h
_SECONDS = 1.0  # containers answer or refuse within milliseconds


def listening() -> list[str]:
    """Return each ADDRESS:PORT at which this network accepts connections.

    A socket of all addresses counts for each address of the network, and one of the
    loopback device for none, since no other network has a way to it.
    """
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/self/net", table).read_text().splitlines()[1:]:
            _, local, _, state, *_ = line.split()
            address, port = local.split(":")
            if state == _LISTENS:
                places = [_ipv4(address)] if address.strip("0") else _addresses()
                found |= {f"{place}:{int(port, 16)}" for place in places}
    return sorted(place for place in found if not place.startswith("127."))


def _ipv4(address: str) -> str:
    """Return an address of the kernel's table, which is in the machine's byte order."""
    return socket.inet_ntoa(struct.pack("=I", int(address[-8:], 16)))


def _addresses() -> list[str]:
    words = ("ip", "-json", "-4", "address")
    shown = subprocess.run(words, check=True, capture_output=True).stdout
    return [a["local"] for link in json.loads(shown) for a in link["addr_info"]]


def reachable(places: list[str]) -> list[str]:
    """Return the places that accept a connection."""
    with ThreadPoolExecutor(max(1, len(places))) as pool:
        answers = pool.map(_accepts, places)
    return [place for place, accepts in zip(places, answers, strict=True) if accepts]


def _accepts(place: str) -> bool:
    address, port = place.rsplit(":", 1)
    with socket.socket() as probe:
        probe.settimeout(_SECONDS)
        return probe.connect_ex((address, int(port))) == 0


if __name__ == "__main__":
    print("\n".join(reachable(sys.argv[1:]) if sys.argv[1:] else listening()))
