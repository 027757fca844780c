"""A network that fails by a schedule: stands between hubs and a broker on loopback.

faulty_relay.py PORT BROKER_PORT SEED SECONDS. For so long, drawn from the seed, connections are cut (also in the middle of
what a hub sends), fall silent, stay half open, are refused, or are slow and late; then all is well for ever. Prints each
change. Standard library only.
"""
import asyncio
import random
import sys


class Network:
    def __init__(self) -> None:
        self.open: set[asyncio.StreamWriter] = set()
        self.heal()

    def heal(self) -> None:
        self.refuses = self.silent = self.swallows = False
        self.delay_s = 0.0
        self.bytes_per_s = 0
        self.bytes_left = -1  # until the cut; below 0: there is none

    def cut(self) -> None:
        for writer in list(self.open):
            writer.transport.abort()

    def spoil(self, chance: random.Random) -> str:
        """Draws what is wrong from now on, and says it."""
        self.heal()
        fault = chance.choice(["well", "cut", "cut in the middle", "silent", "swallows", "refuses", "slow", "late"])
        if fault == "cut":
            self.cut()
        elif fault == "cut in the middle":
            self.bytes_left = chance.randrange(4000)
        elif fault == "silent":
            self.silent = True
        elif fault == "swallows":
            self.swallows = True
        elif fault == "refuses":
            self.refuses = True
            self.cut()
        elif fault == "slow":
            self.bytes_per_s = chance.randrange(2000, 40000)
        elif fault == "late":
            self.delay_s = chance.uniform(0.01, 0.3)
        return fault


async def copy(network: Network, source: asyncio.StreamReader, sink: asyncio.StreamWriter, from_hub: bool) -> None:
    swallowed = False
    while data := await source.read(1024):
        if network.delay_s:
            await asyncio.sleep(network.delay_s)
        if network.bytes_per_s:
            await asyncio.sleep(len(data) / network.bytes_per_s)
        while network.silent:
            await asyncio.sleep(0.02)
        if network.swallows or swallowed:  # a connection that has lost something never goes on
            swallowed = True
            continue
        if from_hub and network.bytes_left >= 0:
            if len(data) > network.bytes_left:
                sink.write(data[: network.bytes_left])
                network.bytes_left = -1
                network.cut()
                return
            network.bytes_left -= len(data)
        sink.write(data)
        await sink.drain()


async def main(port: str, broker_port: str, seed: str, seconds: str) -> None:
    network = Network()
    chance = random.Random(int(seed))

    async def serve(from_hub: asyncio.StreamReader, to_hub: asyncio.StreamWriter) -> None:
        ends = {to_hub}
        try:
            if network.refuses:
                return
            from_broker, to_broker = await asyncio.open_connection("127.0.0.1", int(broker_port))
            ends.add(to_broker)
            network.open |= ends
            ways = [asyncio.ensure_future(copy(network, from_hub, to_broker, True)),
                    asyncio.ensure_future(copy(network, from_broker, to_hub, False))]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except OSError:
            pass
        finally:
            network.open -= ends
            for end in ends:
                end.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", int(port)):
        over_at = asyncio.get_running_loop().time() + float(seconds)
        while asyncio.get_running_loop().time() < over_at:
            print(network.spoil(chance), flush=True)
            await asyncio.sleep(chance.uniform(0.05, 0.6))
        network.heal()
        network.cut()  # what was swallowed would be waited for until the answer is overdue
        print("all is well", flush=True)
        await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))
