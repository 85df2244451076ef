"""Prints every link in Markdown files that leads to no file or to no heading; links to other sites are left alone.

    python3 tools/reference/markdown_links.py FILE.md...

Status: 0 all lead somewhere, 1 some do not.
"""

import os
import re
import sys


def without_code(text):
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ *```.*?^ *```", "", text, flags=re.S | re.M))


def anchors(path):
    """What GitHub makes of the headings: lower case, no punctuation, hyphens for blanks."""
    with open(path, encoding="utf-8") as source:
        text = re.sub(r"^ *```.*?^ *```", "", source.read(), flags=re.S | re.M)
    headings = re.findall(r"^#{1,6} +(.*)$", text, flags=re.M)
    plain = (re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "") for heading in headings)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in plain}


def problem(path, target):
    name, _, anchor = target.partition("#")
    linked = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
    if not os.path.exists(linked):
        return "there is no such file"
    if anchor and linked.endswith(".md") and anchor not in anchors(linked):
        return "there is no such heading"
    return None


def main():
    links = bad = 0
    for path in sys.argv[1:]:
        with open(path, encoding="utf-8") as source:
            text = without_code(source.read())
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            if re.match(r"[a-z]+:", target):
                continue
            links += 1
            if message := problem(path, target):
                bad += 1
                print(f"{path}: {target}: {message}")
    print(f"{links} links in {len(sys.argv) - 1} Markdown files, {bad} lead nowhere")
    sys.exit(1 if bad else 0)


main()
