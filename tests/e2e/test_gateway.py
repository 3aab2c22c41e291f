"""The way to the store: a real Prometheus scrapes, and writes through a gateway that misbehaves on command into a store
that answers PromQL. What the documentation says about each status is what happens to the samples."""

import random
import struct
import threading
import unittest

from stage import remote_write
from stage.gateway import ACCOUNT, ACCOUNT_HEADER, WRITE_PATH, GatewayStage, Service, credentials, day_facts, post, scraped
from stage.harness import wait_until
from stage.oracle import difference
from stage.remote_write import MalformedError, decode, decompress, encode

NAN_STALE = struct.unpack("<d", remote_write.STALE_MARKER)[0]
SERIES = [
    ({"__name__": "kubecost_day_pods", "cluster": "é", "date": "2026-11-19"}, [(2.0, 1000), (0.0, 2000)]),
    ({"__name__": "up"}, [(-1.5, -7), (NAN_STALE, 0)]),
]


# Every series of a day.
DATED = '{date!=""}'


class RemoteWriteTest(unittest.TestCase):
    def test_round_trip(self):
        found = decode(encode(SERIES))
        self.assertEqual(SERIES[0], found[0])
        self.assertEqual(({"__name__": "up"}, (-1.5, -7)), (found[1][0], found[1][1][0]))
        self.assertTrue(remote_write.is_stale(found[1][1][1][0]))
        self.assertFalse(remote_write.is_stale(float("nan")))
        self.assertEqual([], decode(encode([])))

    def test_snappy(self):
        cases = [
            (b"\x00", b""),
            (b"\x03\x08abc", b"abc"),
            (b"\x3e\xf0\x3d" + b"x" * 62, b"x" * 62),  # the literal's length in the byte behind its tag
            (b"\x0a\x04ab\x11\x02", b"ababababab"),  # a copy of 8 from 2 back, into what it writes
            (b"\x06\x08abc\x0a\x03\x00", b"abcabc"),  # distance in two bytes
            (b"\x06\x08abc\x0b\x03\x00\x00\x00", b"abcabc"),  # in four
        ]
        for packed, plain in cases:
            self.assertEqual(plain, decompress(packed))
        long = bytes(range(256)) * 600
        self.assertEqual(long, decompress(remote_write.compress(long)))

    def test_bad_snappy(self):
        bad = {
            "nothing": b"",
            "length without end": b"\x80",
            "length of more than 32 bits": b"\xff\xff\xff\xff\x1f",
            "length of six bytes": b"\x80\x80\x80\x80\x80\x00",
            "a lie about the length": b"\xff\xff\xff\xff\x0f\x00a",
            "literal cut short": b"\x03\x08ab",
            "shorter than announced": b"\x04\x08abc",
            "longer than announced": b"\x02\x08abc",
            "copy before the start": b"\x06\x08abc\x0a\x04\x00",
            "copy of distance 0": b"\x06\x08abc\x0a\x00\x00",
            "copy cut short": b"\x06\x08abc\x0a\x03",
            "length of a literal cut short": b"\x3e\xf4\x3d",
        }
        for what, packed in bad.items():
            with self.subTest(what), self.assertRaises(MalformedError):
                decompress(packed)

    def test_bad_protobuf(self):
        name = b"\x0a\x0e\x0a\x08__name__\x12\x02up"
        self.assertEqual([({"__name__": "up"}, [])], decode(remote_write.compress(b"\x0a\x10" + name)))
        bad = {
            "field 0": b"\x02\x00",
            "group": b"\x0b",
            "series as a number": b"\x08\x01",
            "series cut short": b"\x0a\x11" + name,
            "number of eleven bytes": b"\x10" + b"\xff" * 10 + b"\x01",
            "no name": b"\x0a\x08\x0a\x06\x0a\x01a\x12\x01b",
            "label twice": b"\x0a\x20" + name * 2,
            "label not UTF-8": b"\x0a\x18" + name + b"\x0a\x06\x0a\x01a\x12\x01\xff",
            "labels out of order": b"\x0a\x18" + b"\x0a\x06\x0a\x01a\x12\x01b" + name,
            "empty label": b"\x0a\x15" + name + b"\x0a\x03\x0a\x01a",
            "value as a number": b"\x0a\x14" + name + b"\x12\x02\x08\x01",
        }
        for what, message in bad.items():
            with self.subTest(what), self.assertRaises(MalformedError):
                decode(remote_write.compress(message))

    def test_every_cut_and_flip_is_an_error_or_decodes(self):
        body = encode(SERIES)
        for end in range(len(body)):
            with self.assertRaises(MalformedError):
                decode(body[:end])
        chance = random.Random(1)
        for _ in range(3000):
            broken = bytearray(body)
            broken[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            try:
                decode(bytes(broken))
            except MalformedError:
                pass


class RecordingStore(Service):
    """Takes whatever comes; `blocked` holds the answer back."""

    def __init__(self, status=204):
        super().__init__()
        self.status = status
        self.bodies = []
        self.blocked = None

    def handle(self, method, path, headers, read):
        self.bodies.append((path, headers[ACCOUNT_HEADER], read(1 << 30)))
        if self.blocked:
            self.blocked.wait()
        return self.status, {}, b""


class GatewayTest(unittest.TestCase):
    """The status table, asked directly."""

    HEADERS = {"Authorization": credentials(), ACCOUNT_HEADER: ACCOUNT}

    def setUp(self):
        self.stage = GatewayStage.of(self)
        self.store = self.stage._start(RecordingStore)
        self.gateway = self.stage.gateway(self.store, max_body=10_000, store_timeout=0.5)

    def write(self, body=encode(SERIES), headers=None, path=WRITE_PATH):
        return post(self.gateway, path, body, self.HEADERS if headers is None else headers)[0]

    def test_stored_is_200_never_204_and_the_body_is_untouched(self):
        body = encode(SERIES)
        self.assertEqual(200, self.write(body))
        self.assertEqual([("/api/v1/write", ACCOUNT, body)], self.store.bodies)

    def test_refused(self):
        authorized = {"Authorization": credentials()}
        account = {ACCOUNT_HEADER: ACCOUNT}
        cases = [
            (401, self.write(headers={})),
            (401, self.write(headers=account)),
            (401, self.write(headers={**account, "Authorization": credentials(password="guess")})),
            (401, self.write(headers={**account, "Authorization": "Bearer x"})),
            (400, self.write(headers=authorized)),
            (400, self.write(headers={**authorized, ACCOUNT_HEADER: ""})),
            (422, self.write(headers={**authorized, ACCOUNT_HEADER: "another"})),
            (400, self.write(b"x" * 10_001)),
            (400, self.write(b"plain text")),
            (400, self.write(encode(SERIES)[:-1])),
            (404, self.write(path="/api/v1/receive")),
            (405, self.gateway.request("GET", WRITE_PATH).status),
        ]
        self.assertEqual([wanted for wanted, _ in cases], [found for _, found in cases])
        self.assertEqual([], self.store.bodies)

    def test_store_slow_or_gone_is_503(self):
        self.store.blocked = threading.Event()
        self.addCleanup(self.store.blocked.set)
        self.assertEqual(503, self.write())
        self.store.kill()
        self.assertEqual(503, self.write())
        self.assertEqual([], self.gateway.dropped)

    def test_faults_in_their_order(self):
        self.gateway.fail(422)
        self.gateway.fail(500, times=2)
        self.gateway.fail(409, matches=lambda labels: labels["__name__"] == "up")
        self.gateway.fail(503, times=None, matches=lambda labels: "no such label" in labels)
        self.assertEqual([422, 500, 500, 409, 200], [self.write() for _ in range(5)])
        lost = [(one.status, one.labels["__name__"]) for one in self.gateway.dropped]
        self.assertEqual([(422, "kubecost_day_pods"), (422, "up"), (409, "up")], lost)
        kept = [decode(body) for _, _, body in self.store.bodies]
        self.assertEqual([2, 1], sorted((len(series) for series in kept), reverse=True))
        self.assertEqual([SERIES[0]], kept[0])


class DeliveryTest(unittest.TestCase):
    """What each status does to a real sender."""

    DAY = "2026-11-19"
    PODS = {"shop/a": 0.1 + 0.2, "shop/free": 0.0, "__idle__/__idle__": -1e-05}

    @classmethod
    def setUpClass(cls):
        stage = GatewayStage.of(cls)
        cls.feed = stage.feed()
        cls.facts = day_facts(cls.DAY, cls.PODS)
        cls.feed.publish(cls.facts)
        cls.line = stage.pipeline(cls.feed)
        # One more sender, which knows no account.
        cls.unfed_store = stage._start(RecordingStore)
        cls.strict_gateway = stage.gateway(cls.unfed_store)
        stage.sender(cls.feed, cls.strict_gateway)
        cls.wait_for(cls.facts)
        cls.first_answers = list(cls.line.gateway.answers)

    @classmethod
    def wait_for(cls, facts):
        """Until the store has these, and no others."""
        expected = scraped(facts)

        def stored():
            return cls.line.store.query(DATED)

        wait_until(lambda: stored() == expected, lambda: difference(expected, stored()), interval=0.1)

    @staticmethod
    def is_a(labels):
        return labels["__name__"] == "kubecost_pod_daily_cost" and labels["pod"] == "a"

    def times(self, prometheus, pod="a"):
        """The time stamps in milliseconds of that pod's samples."""
        found = prometheus.api("query", query=f'kubecost_pod_daily_cost{{pod="{pod}"}}[1h]')["result"]
        return {round(at * 1000) for series in found for at, _ in series["values"]}

    def lose(self, status):
        """Lets one request with pod a get that status; the time of the sample that was lost by it."""
        before = len(self.line.gateway.dropped)
        self.line.gateway.fail(status, matches=self.is_a)

        def lost():
            return [one for one in self.line.gateway.dropped[before:] if self.is_a(one.labels)]

        dropped = wait_until(lost, f"a batch lost by {status}")[0]
        self.assertEqual(status, dropped.status)
        at = dropped.samples[-1][1]
        wait_until(lambda: max(self.times(self.line.store)) > at, "the next scrape's samples")
        self.assertNotIn(at, self.times(self.line.store))
        self.assertIn(at, self.times(self.line.sender))
        return at

    def test_4xx_loses_the_batch_and_the_next_scrape_has_the_same_facts(self):
        for status in (400, 401, 422):
            with self.subTest(status):
                self.lose(status)
                self.wait_for(self.facts)

    def test_409_keeps_the_good_samples_of_the_request(self):
        at = self.lose(409)
        wait_until(lambda: at in self.times(self.line.store, "free"), "the other pod's sample")
        self.assertIn(409, self.line.gateway.statuses())

    def test_5xx_is_sent_again_and_nothing_is_lost(self):
        for status in (500, 503):
            with self.subTest(status):
                gateway = self.line.gateway
                failed = gateway.statuses().count(status)
                lost = len(gateway.dropped)
                gateway.fail(status, times=3, matches=self.is_a)
                wait_until(lambda: gateway.statuses().count(status) == failed + 3, f"{status} three times")
                self.check_all_arrive()
                self.assertEqual(lost, len(gateway.dropped))

    def check_all_arrive(self):
        dropped = {at for one in self.line.gateway.dropped if self.is_a(one.labels) for _, at in one.samples}
        wanted = self.times(self.line.sender) - dropped
        wait_until(lambda: wanted <= self.times(self.line.store), "every sample in the store")

    def test_what_the_gateway_decodes_is_what_was_scraped(self):
        decoded = {}
        for answer in self.first_answers:
            for labels, samples in answer.series:
                name = labels["__name__"]
                rest = frozenset((label, text) for label, text in labels.items() if label != "__name__")
                if "date" in labels:
                    decoded.setdefault((name, rest), set()).update(value for value, _ in samples)
        self.assertEqual({series: {value} for series, value in scraped(self.facts).items()}, decoded)

    def test_another_value_for_the_same_time_is_409(self):
        now = max(self.times(self.line.store))
        name = {"__name__": "kubecost_conflict_test"}
        first = [(name, [(1.0, now)])]
        second = [(name, [(2.0, now)]), ({"__name__": "kubecost_good_test"}, [(3.0, now)])]
        for wanted, series in ((200, first), (409, second)):
            found = post(self.line.gateway, WRITE_PATH, encode(series), GatewayTest.HEADERS)
            self.assertEqual(wanted, found[0], found)
        self.assertEqual(1.0, self.line.store.scalar("kubecost_conflict_test"))
        self.assertEqual(3.0, self.line.store.scalar("kubecost_good_test"))

    def test_a_removed_series_ends_with_a_marker(self):
        self.addCleanup(self.wait_for, self.facts)
        self.addCleanup(self.feed.publish, self.facts)
        fewer = day_facts(self.DAY, {"shop/free": 0.0})
        seen = len(self.line.gateway.answers)
        self.feed.publish(fewer)
        self.wait_for(fewer)
        answers = self.line.gateway.answers[seen:]
        of_a = [samples for answer in answers for labels, samples in answer.series if self.is_a(labels)]
        self.assertTrue(remote_write.is_stale(of_a[-1][-1][0]), of_a)

    def test_without_the_header_everything_is_refused(self):
        gateway = self.strict_gateway
        wait_until(lambda: len(gateway.answers) >= 2, "writes")
        self.assertEqual({(400, None)}, {(answer.status, answer.account) for answer in list(gateway.answers)})
        self.assertEqual([], self.unfed_store.bodies)


if __name__ == "__main__":
    unittest.main()
