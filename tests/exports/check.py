"""Exports read back by their formats' own tools: pprof by `go tool pprof`, OTLP profiles by the
classes that OpenTelemetry generates from its own .proto files. speedscope reads its files, and
those of pprof and collapsed stacks, in tests/browser/exports_test.mjs.

check.py PROGRAM: PROGRAM is umig_write_page, which takes stacks as written below. One line a test,
then the sum; exits 1 if one failed.
"""

import collections
import gzip
import re
import shutil
import subprocess
import sys
import tempfile

from opentelemetry.proto.profiles.v1development import profiles_pb2

INTERVAL_NS = 10_000_000
JAVA, NATIVE, KERNEL, STATE, ALLOCATED = 1, 6, 7, 13, 14

# (samples, thread group, frames as (kind, class, method, file)), root first.
RUN = (JAVA, "shop.Main", "run", "Main.java")
STACKS = [
    (700, "worker-*", [RUN, (JAVA, "shop.Orders", "total", "Orders.groovy")]),
    (200, "worker-*", [RUN, (JAVA, "shop.Orders", "walk", "Orders.groovy")] * 3),  # recursion
    (50, "main", [RUN, (NATIVE, "libc.so.6", "memcpy", "")]),
    (25, "main", [RUN, (NATIVE, "libc.so.6", "write", ""), (KERNEL, "", "do_syscall_64", "")]),
    (20, "\"quoted\"\\;<b>\u202e", [RUN, (JAVA, "a\"b\\c", "<script>; x", "\u65e5\u672c.java")]),
    (5, "", [(JAVA, "shop.Lone", "root", "")]),
]

# The same stacks, ending in what is told of a kind; what a file calls its two values, then a period.
ENDS = {
    "alloc": [(ALLOCATED, "byte[]", "", ""), (ALLOCATED, "shop.Order", "", "")],
    "locks": [(STATE, "shop.Stock", "", ""), (STATE, "java.util.concurrent.Semaphore$FairSync", "", "")],
    "wall": [(STATE, "shop.Stock", "blocked", ""), (STATE, "", "running", "")],
}
END_NAMES = {"wall": ["[blocked: shop.Stock]", "[running]"]}
TYPES = {
    "alloc": (("alloc_objects", "count"), ("alloc_space", "bytes"), ("space", "bytes"), INTERVAL_NS),
    "locks": (("contentions", "count"), ("delay", "nanoseconds"), ("contentions", "count"), 1),
    "wall": (("samples", "count"), ("wall", "nanoseconds"), ("wall", "nanoseconds"), INTERVAL_NS),
}


def stacks_of(kind):
    """STACKS, every other one with the first end of the kind."""
    return [(samples, group, frames + [ENDS[kind][i % 2]]) for i, (samples, group, frames) in enumerate(STACKS)]


def end_name(kind, frame):
    """As the innermost frame is called in a file."""
    return END_NAMES[kind][ENDS[kind].index(frame)] if kind in END_NAMES else frame[1]


def write(program, form, stacks=None):
    """The file of one format, as bytes."""
    lines = []
    for samples, group, frames in STACKS if stacks is None else stacks:
        words = [":".join([str(kind)] + [part.encode().hex() for part in parts]) for kind, *parts in frames]
        lines.append(" ".join([str(samples * INTERVAL_NS), group.encode().hex()] + words))
    text = "\n".join(lines) + "\n"
    return subprocess.run([program, form], input=text.encode(), stdout=subprocess.PIPE, check=True).stdout


def name_of(frame):
    """As umig_label_method() names a frame."""
    _, cls, method, _ = frame
    return f"{cls}.{method}" if cls != "" else method


def expected():
    """Self and total by name, in samples; a recursive method counts once a stack."""
    own, whole = collections.Counter(), collections.Counter()
    for samples, _, frames in STACKS:
        own[frames[-1][1:3]] += samples
        for key in {frame[1:3] for frame in frames}:
            whole[key] += samples
    return own, whole


def by_method(counter, name):
    """The figure of the method whose name ends a tool's name for it."""
    found = [value for (cls, method), value in counter.items() if name.endswith(method) and cls in name or name == method]
    assert len(found) == 1, f"{name!r} stands for {found}"
    return found[0]


def equal(got, wanted, what):
    assert got == wanted, f"{what}: {got!r}, expected {wanted!r}"


UNITS = {"cpu": ["-unit=ns"], "delay": ["-unit=ns"], "wall": ["-unit=ns"], "alloc_space": ["-unit=B"]}


def pprof_top(path, sample_type):
    """Rows of `pprof -top`: name -> (flat, cum), in samples."""
    unit = UNITS.get(sample_type, [])
    command = ["go", "tool", "pprof", "-top", "-nodefraction=0", "-nodecount=0", f"-sample_index={sample_type}", *unit, path]
    out = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, text=True).stdout
    scale = INTERVAL_NS if unit else 1
    rows = {}
    for line in out.splitlines():
        match = re.match(r"\s*(\d+)(?:ns|B)?\s+\S+%?\s+\S+%\s+(\d+)(?:ns|B)?\s+\S+%\s+(.*)$", line)
        if match:
            rows[match[3].strip()] = (int(match[1]) // scale, int(match[2]) // scale)
    assert rows, f"pprof shows no rows:\n{out}"
    return rows


def check_pprof_top(program):
    own, whole = expected()
    with tempfile.NamedTemporaryFile(suffix=".pb.gz") as file:
        file.write(write(program, "pprof"))
        file.flush()
        for sample_type in ("cpu", "samples"):
            rows = pprof_top(file.name, sample_type)
            equal(len(rows), len(whole), "functions")
            for name, (flat, cum) in rows.items():
                equal(flat, by_method({key: own[key] for key in whole}, name), f"flat {sample_type} of {name}")
                equal(cum, by_method(whole, name), f"cum {sample_type} of {name}")


def check_pprof_raw(program):
    with tempfile.NamedTemporaryFile(suffix=".pb.gz") as file:
        file.write(write(program, "pprof"))
        file.flush()
        raw = subprocess.run(["go", "tool", "pprof", "-raw", file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, text=True).stdout
    assert "PeriodType: cpu nanoseconds" in raw, raw
    assert "samples/count cpu/nanoseconds[dflt]" in raw, raw
    assert "Orders.groovy" in raw, "the file of a function is missing"
    equal(sorted(set(re.findall(r"thread:\[(.*)\]", raw))), sorted({f"{group}" for _, group, _ in STACKS if group.isascii() and group}
          | {group for _, group, _ in STACKS if not group.isascii()}), "threads")


def check_pprof_kind(program, kind):
    """What is told of the kind has the whole value flat, under both names; every other frame has none."""
    stacks = stacks_of(kind)
    flat = collections.Counter()
    for samples, _, frames in stacks:
        flat[end_name(kind, frames[-1])] += samples
    count, value, period, every = TYPES[kind]
    with tempfile.NamedTemporaryFile(suffix=".pb.gz") as file:
        file.write(write(program, f"pprof-{kind}", stacks))
        file.flush()
        for sample_type in (count[0], value[0]):
            rows = pprof_top(file.name, sample_type)
            equal({name: row[0] for name, row in rows.items() if row[0] > 0}, dict(flat), f"flat {sample_type}")
            equal(rows["shop.Main.run"], (0, 995), f"{sample_type} of the root")
            equal(rows["shop.Orders.walk"], (0, 200), f"{sample_type} of recursion")
        raw = subprocess.run(["go", "tool", "pprof", "-raw", file.name], stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True, text=True).stdout
    assert f"PeriodType: {' '.join(period)}\n" in raw, raw
    assert f"Period: {every}\n" in raw, raw
    assert f"{'/'.join(count)} {'/'.join(value)}[dflt]\n" in raw, raw


def check_pprof_is_the_same_twice(program):
    first, second = write(program, "pprof"), write(program, "pprof")
    equal(first, second, "two writings")
    assert len(gzip.decompress(first)) > len(first), "it is not compressed"


def check_otlp(program):
    data = profiles_pb2.ProfilesData()
    data.ParseFromString(write(program, "otlp"))
    tables = data.dictionary
    strings = tables.string_table
    for name in ("mapping", "location", "function", "link", "stack", "attribute"):
        first = getattr(tables, f"{name}_table")[0]
        equal(first.ByteSize(), 0, f"first of {name}_table")
    equal(strings[0], "", "first string")
    equal(len(set(strings)), len(strings), "strings are told once")
    (resource,) = data.resource_profiles
    assert {attribute.key for attribute in resource.resource.attributes} >= {"service.name", "process.pid"}
    (profile,) = resource.scope_profiles[0].profiles
    equal(resource.scope_profiles[0].scope.name, "umig", "scope")
    equal((strings[profile.sample_type.type_strindex], strings[profile.sample_type.unit_strindex]), ("cpu", "nanoseconds"), "type")
    equal(len(profile.profile_id), 16, "bytes of the id")
    read = []
    for sample in profile.samples:
        (value,) = sample.values
        (thread,) = [tables.attribute_table[i] for i in sample.attribute_indices]
        equal(strings[thread.key_strindex], "thread.name", "attribute of a sample")
        frames = []
        for index in tables.stack_table[sample.stack_index].location_indices:
            location = tables.location_table[index]
            (line,) = location.lines
            function = tables.function_table[line.function_index]
            (kind,) = [tables.attribute_table[i].value.string_value for i in location.attribute_indices]
            frames.append((strings[function.name_strindex], strings[function.filename_strindex], kind))
        read.append((value // INTERVAL_NS, thread.value.string_value, frames[::-1]))
    kinds = {JAVA: "jvm", NATIVE: "native", KERNEL: "kernel"}
    equal(sorted((value, group, len(frames)) for value, group, frames in read), sorted((value, group, len(frames)) for value, group, frames in STACKS), "stacks")
    for value, _, frames in read:
        (wanted,) = [stack for samples, _, stack in STACKS if samples == value]
        for (name, file, kind), frame in zip(frames, wanted):
            assert name.endswith(frame[2]), f"{name!r} is not {frame[2]!r}"
            equal((file, kind), (frame[3], kinds[frame[0]]), name)


def read_otlp(program, form, stacks):
    """The one profile of a message, and its samples as (value, thread group, names of the frames)."""
    data = profiles_pb2.ProfilesData()
    data.ParseFromString(write(program, form, stacks))
    tables, strings = data.dictionary, data.dictionary.string_table
    (profile,) = data.resource_profiles[0].scope_profiles[0].profiles
    samples = []
    for sample in profile.samples:
        names = []
        for index in tables.stack_table[sample.stack_index].location_indices:
            (line,) = tables.location_table[index].lines
            names.append(strings[tables.function_table[line.function_index].name_strindex])
        (thread,) = [tables.attribute_table[i].value.string_value for i in sample.attribute_indices]
        (value,) = sample.values
        samples.append((value, thread, names[::-1]))
    types = [(strings[kind.type_strindex], strings[kind.unit_strindex]) for kind in (profile.sample_type, profile.period_type)]
    return profile, types, samples


def check_otlp_kind(program, kind):
    stacks = stacks_of(kind)
    profile, types, samples = read_otlp(program, f"otlp-{kind}", stacks)
    _, value, period, every = TYPES[kind]
    equal(types, [value, period], "types")
    equal(profile.period, every, "period")
    wanted = [(samples * INTERVAL_NS, group, [name_of(frame) for frame in frames[:-1]] + [end_name(kind, frames[-1])])
              for samples, group, frames in stacks]
    equal(sorted(samples), sorted(wanted), "samples")


def check_otlp_ids_differ(program):
    ids = {read_otlp(program, "otlp" if kind == "cpu" else f"otlp-{kind}", STACKS if kind == "cpu" else stacks_of(kind))[0].profile_id
           for kind in ("cpu", *ENDS)}
    equal(len(ids), 1 + len(ENDS), "ids of the profiles of one session")


def check_unknown_format_is_refused(program):
    done = subprocess.run([program, "xml"], input=b"10000000 61 1:61:62:\n", stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    assert done.returncode != 0 and b"pprof, speedscope or otlp" in done.stderr, done.stderr


def main():
    program = sys.argv[1]
    tests = {
        "pprof: flat and cumulative figures of go tool pprof -top": check_pprof_top,
        "pprof: types, files and threads of go tool pprof -raw": check_pprof_raw,
        "pprof: the same session makes the same bytes": check_pprof_is_the_same_twice,
        "otlp: every stack, thread, file and kind, by OpenTelemetry's own classes": check_otlp,
        **{f"pprof: {kind}: types, flat and cumulative figures, the innermost frame": lambda program, kind=kind: check_pprof_kind(program, kind)
           for kind in ENDS},
        **{f"otlp: {kind}: types, every stack and thread, the innermost frame": lambda program, kind=kind: check_otlp_kind(program, kind)
           for kind in ENDS},
        "otlp: profiles of one session's kinds have ids of their own": check_otlp_ids_differ,
        "an unknown format is refused with those there are": check_unknown_format_is_refused,
    }
    if shutil.which("go") is None:
        print("FAIL  go is missing: scripts/setup test installs it")
        print(f"0 passed, {len(tests)} failed")
        return 1
    failed = 0
    for name, run in tests.items():
        try:
            run(program)
            print(f"ok    {name}")
        except (AssertionError, ValueError, KeyError, subprocess.CalledProcessError) as error:
            failed += 1
            print(f"FAIL  {name}: {error}")
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
