#!/usr/bin/env python3
"""Trims a collapsed recording to a share of its stacks and writes it front-coded.

usage: trim.py IN.collapsed OUT.stacks MAX_BYTES

Keeps the pool threads' stacks, without those of the Groovy compiler, and draws blocks of
neighbours among them with a fixed seed: so the stacks lie as densely as they do in the whole. Each
frame is named once; what a name or a stack shares with the line before is replaced by its length.
"""
import random
import re
import sys

BLOCK = 48


def read(path):
    for line in open(path, encoding="utf-8", errors="replace"):
        stack, value = line.rstrip("\n").rsplit(" ", 1)
        frames = stack.split(";")
        name = re.sub(r" tid=\d+\]$", "]", frames[0])
        if "pool-" in name and "GroovyShell.parse" not in line:
            yield [name] + frames[1:], int(value)


def shared_length(a, b):
    count = 0
    while count < min(len(a), len(b)) and a[count] == b[count]:
        count += 1
    return count


def encode(stacks):
    """First the frames, sorted and numbered from 1; then the stacks, by those numbers."""
    stacks = sorted(stacks)
    names = sorted({frame for frames, _ in stacks for frame in frames})
    before = ""
    for name in names:
        shared = shared_length(before, name)
        yield "@%d|%s\n" % (shared, name[shared:])
        before = name
    numbers = {name: i + 1 for i, name in enumerate(names)}
    before = []
    for frames, value in stacks:
        shared = shared_length(before, frames)
        rest = [str(numbers[frame]) for frame in frames[shared:]]
        yield ";".join(["=%d" % shared] + rest) + " %d\n" % value
        before = frames


def main():
    source, target, limit = sys.argv[1], sys.argv[2], int(sys.argv[3])
    stacks = list(read(source))
    stacks.sort()
    blocks = [stacks[i : i + BLOCK] for i in range(0, len(stacks), BLOCK)]
    random.Random(3).shuffle(blocks)
    order = [stack for block in blocks for stack in block]
    low, high = 1, len(order)
    while low < high:
        middle = (low + high + 1) // 2
        if sum(len(line.encode()) for line in encode(order[:middle])) <= limit:
            low = middle
        else:
            high = middle - 1
    with open(target, "w", encoding="utf-8") as out:
        out.writelines(encode(order[:low]))
    print("%s: %d of %d stacks" % (target, low, len(stacks)))


main()
