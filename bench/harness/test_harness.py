"""Tests of what turns bytes and logs into figures. Run by ctest; by hand: python3 -B bench/harness/test_harness.py"""

import os
import socket
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import aims
import chart
import growth
import keys
import load
import main
import measure
import messages
import process
import report
import servers
import shapes
import summary

GOLDEN = os.path.join(main.ROOT, "tests/golden/flow_call/documented_sample.golden")
H2LOAD_OUTPUT = """\
finished in 34.01ms, 5880.65 req/s, 319.40KB/s
requests: 200 total, 200 started, 200 done, 199 succeeded, 1 failed, 0 errored, 0 timeout
status codes: 199 2xx, 0 3xx, 0 4xx, 1 5xx
traffic: 10.86KB (11124) total, 3.23KB (3304) headers (space savings 93.60%), 5.08KB (5200) data
"""


def result(server, repeat=1, shape="64", **values):
    made = measure.Result(shape, server, repeat)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def summaries(*results):
    return summary.summarize(results, servers.SERVERS)


class Messages(unittest.TestCase):
    def test_body_is_the_gateways(self):
        with open(GOLDEN, encoding="utf-8") as file:
            golden = dict(line.rstrip("\n").split(": ", 1) for line in file)
        self.assertEqual(messages.json_body(1).decode(), golden["body"])
        self.assertEqual(messages.QUERY, golden["query"])

    def test_request_is_the_protobuf_encoding(self):
        expected = (b"\x0a\x06user-1" b"\x12\x05org-1" b"\x18\xb1\x1a" b"\x22\x06\x08\xa0\xf1\xdc\xee\x05"
                    b"\x2a\x0f\x0a\x07REPLACE\x12\x04ddee")
        self.assertEqual(messages.request_message(1), expected)

    def test_frame_has_flag_and_length(self):
        self.assertEqual(messages.grpc_frame(b"abc"), b"\0\0\0\0\x03abc")

    def test_answer_frame_counts_frame_and_field(self):
        self.assertEqual(messages.answer_frame_bytes(), 5 + 2 + len(messages.INSTANCE_ID))


class Load(unittest.TestCase):
    def test_output_gives_successes_and_bytes_of_data(self):
        seen = load.parse_output(H2LOAD_OUTPUT)
        self.assertEqual((seen.succeeded, seen.data_bytes), (199, 5200))

    def test_output_of_another_form_is_refused(self):
        with self.assertRaises(RuntimeError):
            load.parse_output("h2load: something else")

    def test_log_gives_sorted_latencies_and_the_time_between_first_and_last(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "log")
            with open(path, "w", encoding="ascii") as file:
                file.write("1000000\t200\t900\n1000500\t200\t100\n2000000\t200\t500000\n")
            latencies, wall, last = load.parse_log(path)
        self.assertEqual(list(latencies), [100, 900, 500000])
        self.assertAlmostEqual(wall, 1.5)
        self.assertAlmostEqual(last, 2.5)

    def test_percentile_is_a_value_that_was_seen(self):
        ordered = list(range(1, 101))
        self.assertEqual([load.percentile(ordered, rank) for rank in (0.5, 0.99, 1.0)], [51, 100, 100])
        self.assertEqual(load.percentile([], 0.5), 0)


class Verification(unittest.TestCase):
    CALLS = 10
    BYTES = CALLS * messages.answer_frame_bytes()

    def test_all_answered_with_a_message_passes(self):
        measure.Bench._verify(load.Seen(self.CALLS, self.BYTES), self.CALLS, self.BYTES)

    def test_an_answer_without_a_message_fails(self):
        with self.assertRaises(measure.Failed):
            measure.Bench._verify(load.Seen(self.CALLS, self.BYTES - 26), self.CALLS, self.BYTES)

    def test_a_missing_answer_fails(self):
        with self.assertRaises(measure.Failed):
            measure.Bench._verify(load.Seen(self.CALLS - 1, self.BYTES), self.CALLS, self.BYTES)

    def test_a_call_sent_twice_fails(self):
        with self.assertRaises(measure.Failed):
            measure.Bench._verify_forwarded(self.CALLS + 1, self.CALLS)

    def test_calls_are_the_same_number_for_every_stream(self):
        bench = measure.Bench(main.ROOT, "", None, seconds=1)
        for shape in shapes.SHAPES:
            self.assertEqual(bench.calls_for(shape, 12345) % shape.in_flight, 0, shape.name)


class Process(unittest.TestCase):
    def test_cpu_clock_counts_this_process(self):
        before = process.cpu_seconds(os.getpid())
        sum(range(200000))
        self.assertGreater(process.cpu_seconds(os.getpid()), before)

    def test_cpu_clock_counts_threads_that_have_ended(self):
        child = ("import threading, time\n"
                 "def burn():\n"
                 "    while time.thread_time() < 0.05: pass\n"
                 "thread = threading.Thread(target=burn); thread.start(); thread.join()\n"
                 "print(flush=True); input()")
        with subprocess.Popen([sys.executable, "-c", child], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as burner:
            burner.stdout.readline()
            self.assertGreater(process.cpu_seconds(burner.pid), 0.05)
            burner.communicate(b"\n")

    def test_two_listeners_on_a_port_are_found(self):
        with socket.socket() as mine:
            mine.bind(("127.0.0.1", 0))
            mine.listen()
            port = mine.getsockname()[1]
            self.assertTrue(process.listens_alone(os.getpid(), port))
            self.assertFalse(process.listens_alone(os.getppid(), port))
        self.assertFalse(process.listens_alone(os.getpid(), port))


class Summaries(unittest.TestCase):
    def test_median_and_spread_over_the_repeats(self):
        found = summaries(*(result("go", i, cpu_us_per_call=value) for i, value in enumerate((50.0, 70.0, 52.0))))
        spread = found["64", "go"].values["cpu_us_per_call"]
        self.assertEqual((spread.median, spread.low, spread.high), (52.0, 50.0, 70.0))

    def test_baseline_is_the_sum_of_its_halves_in_each_repeat(self):
        found = summaries(*(
            result(server, repeat, cpu_us_per_call=cpu, peak_mib=10.0, threads=1)
            for repeat, cpus in ((1, (10.0, 20.0)), (2, (14.0, 20.0))) for server, cpu in zip(servers.BASELINE, cpus)))
        spread = found["64", "baseline"].values["cpu_us_per_call"]
        self.assertEqual((spread.low, spread.high), (30.0, 34.0))

    def test_baseline_needs_both_halves(self):
        self.assertNotIn(("64", "baseline"), summaries(result("baseline-echo", cpu_us_per_call=10.0, peak_mib=1.0, threads=1)))

    def test_a_failure_takes_the_number_away(self):
        found = summaries(result("go", 1, cpu_us_per_call=50.0), result("go", 2, failed="broken"))
        self.assertIsNone(found["64", "go"].median("cpu_us_per_call"))


class Reports(unittest.TestCase):
    OPTIONS = {"repeat": 1, "seconds": 1.0}

    def test_failure_is_shown_as_one(self):
        text = report.markdown(shapes.SHAPES, summaries(result("go", failed="bad\nluck")), {}, self.OPTIONS)
        self.assertIn("**FAILED** in 1 of 1: bad luck", text)

    def test_ratios_are_to_go(self):
        found = summaries(result("gateway", cpu_us_per_call=30.0), result("go", cpu_us_per_call=60.0))
        self.assertIn("| 30.0 µs | 0.50 |", report.markdown(shapes.SHAPES, found, {}, self.OPTIONS))

    def test_every_row_has_as_many_cells_as_its_head(self):
        found = summaries(result("gateway", cpu_us_per_call=30.0), result("go", failed="x"), result("go", shape="idle"))
        for line in report.markdown(shapes.SHAPES, found, {}, self.OPTIONS).splitlines():
            if line.startswith("| go") or line.startswith("| this"):
                self.assertIn(line.count("|"), (14, 6))

    def test_aim_is_met_or_missed(self):
        found = summaries(result("gateway", cpu_us_per_call=45.0), result("go", cpu_us_per_call=60.0),
                          result("nginx-proxy", cpu_us_per_call=25.0))
        self.assertEqual(aims.rows(found), [["64", "CPU per call", "≤ 0.6 × Go", "0.75", "no"],
                                            ["64", "CPU per call", "≤ 2 × nginx", "1.80", "yes"]])

    def test_aims_name_shapes_and_servers_that_exist(self):
        names = {server.name for server in servers.SERVERS} | {"baseline", None}
        for aim in aims.AIMS:
            self.assertIn(aim.shape, {shape.name for shape in shapes.SHAPES})
            self.assertIn(aim.against, names)

    def test_chart_is_xml_and_names_what_was_measured(self):
        found = summaries(result("gateway", cpu_us_per_call=30.0, calls_per_second=1000.0),
                          result("python", cpu_us_per_call=700.0, calls_per_second=1.0),
                          result("go", cpu_us_per_call=60.0, calls_per_second=500.0))
        text = chart.svg(found, {"date": "today", "machine": "<2 cores>"})
        xml.etree.ElementTree.fromstring(text)
        self.assertIn("700 µs", text)


class Growth(unittest.TestCase):
    def test_chart_has_a_line_for_what_was_measured(self):
        found = summary.summarize(
            [result("gateway", repeat, f"rules-{size}", cpu_us_per_call=cpu + repeat, peak_mib=40.0)
             for repeat in (1, 2) for size, cpu in ((1, 50.0), (10000, 52.0))], servers.SERVERS)
        text = chart.growth_svg(growth.AXES, found, {})
        xml.etree.ElementTree.fromstring(text)
        self.assertIn("rules of the policy", text)
        self.assertNotIn("watched runs", text)
        self.assertIn("median of 2 measurements", text)

    def test_ticks_enclose_every_value(self):
        for low, high in ((0.3, 0.31), (1, 1), (7, 1200), (50, 200)):
            ticks = chart._ticks(low, high)
            self.assertLessEqual(ticks[0], low)
            self.assertGreaterEqual(ticks[-1], high)
            self.assertGreater(len(ticks), 1)

    def test_names_of_shapes_are_unique_and_leave_servers_to_measure(self):
        names = [shape.name for shape in growth.SHAPES]
        self.assertEqual(len(names), len(set(names)))
        for shape in growth.SHAPES:
            self.assertNotIn("gateway", shape.left_out)


class Continued(unittest.TestCase):
    def test_what_was_measured_is_not_measured_again(self):
        before = [result("go", 1, cpu_us_per_call=50.0, latency={"p50_us": 7}), result("go", 2, failed="broken")]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "results.json")
            self.assertEqual(main.measured_before(path), [])
            report.write_json(path, before, {}, {}, {})
            results = main.measured_before(path)
        self.assertEqual(results, before[:1])
        measured = []

        class Bench:
            def measure(self, server, shape, repeat):
                measured.append(repeat)
                return result(server.name, repeat, shape.name, failed="not really measured")

        row = [server for server in servers.SERVERS if server.name == "go"]
        main.run_all(Bench(), [(shape, row) for shape in shapes.SHAPES if shape.name == "64"], 3, results, lambda _: None)
        self.assertEqual((measured, len(results)), ([2, 3], 3))


class Options(unittest.TestCase):
    def test_only_takes_patterns(self):
        table, _ = main.plan(["64/baseline-*", "tls/go"], servers.SERVERS)
        self.assertLessEqual({shape.name for shape, _ in table}, {"64", "tls"})

    def test_some_are_measured_where_they_are_named(self):
        peer = servers.Server("slow", "slow", ("true",), by_name_only=True)
        for only, smoke, expected in (([], False, False), (["64/*"], False, False), (["64/slow"], False, True),
                                      (["*/slow"], False, True), (["64/*"], True, True)):
            table, _ = main.plan(only, [peer], smoke)
            self.assertEqual(bool(table), expected, (only, smoke))

    def test_also_adds_a_gateway(self):
        server = servers.also("jemalloc=env LD_PRELOAD=/lib/j.so /tmp/gateway --log_level=error")
        command = server.command("/root", "127.0.0.1:1", "http://127.0.0.1:2", shapes.SHAPES[0], "ca.pem")
        self.assertEqual(command[:4], ["env", "LD_PRELOAD=/lib/j.so", "/tmp/gateway", "--log_level=error"])
        self.assertIn("--enos_url=http://127.0.0.1:2", command)

    def test_also_wants_a_name_of_its_own(self):
        for text in ("go=/tmp/gateway", "/tmp/gateway", "a b=/tmp/gateway", "before="):
            with self.assertRaises(ValueError, msg=text):
                servers.also(text)

    def test_names_of_shapes_and_servers_are_unique(self):
        for table in (shapes.SHAPES, servers.SERVERS):
            names = [row.name for row in table]
            self.assertEqual(len(names), len(set(names)))


class KeysTest(unittest.TestCase):
    def test_figures_are_compared_within_their_round(self):
        def figures(cpu_us, per_second, p50_us, commit_us=None):
            return {"cpu_us": cpu_us, "database_us": 5, "commit_us": commit_us, "per_second": per_second, "p50_us": p50_us, "p99_us": 9000}

        seen = {
            (1, "none", "gateway"): [figures(50, 1000, 200), figures(100, 500, 900), figures(60, 900, 210)],
            (1, "sqlite", "gateway"): [figures(80, 500, 700, 100), figures(130, 250, 1400, 300), figures(90, 450, 710, 120)],
        }
        row = keys.table(seen).splitlines()[-1]
        self.assertEqual(row, "| 1 | sqlite | 90.0 µs (+30.0) | 5.0 µs | 450 (0.50 ×) | 0.71 ms | 9.00 ms | 0.50 ms | 0.24 ms |")


if __name__ == "__main__":
    unittest.main()
