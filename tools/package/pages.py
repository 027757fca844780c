"""Manual pages: pages.py PAGE DATE PROGRAM… writes one to standard output.

headgate.1 and headgated.8 are made of what the program says with --help, headgate.json.5 of headgated --print-config: commands,
options, keys and defaults cannot differ from the program. What no --help says stands in this file.
"""

import re
import sys

from help_tree import Command, Entry, printed, read

TOOL_EXAMPLES = [
    ("headgate --data /var/lib/headgate/headgate-data status", "What the hub of the package does, and whether its link is up."),
    ("headgate queue ls --json", "Every queue, for a script."),
    ("headgate queue peek '$upstream' --payload -n 3", "The three oldest messages that wait for the link."),
    ("headgate queue peek '$upstream' --where '$body.celsius > 90' --since 2h", "Messages of the last two hours that a condition takes."),
    ("headgate queue export '$upstream' --topic 'plant/#' > plant.ndjson", "What waits of some topics, to be imported elsewhere."),
    ("headgate route check new-routes.json", "Whether a route file compiles, without a hub."),
    ("headgate unbatch < batch.bin", "The messages of a batch that arrived in the cloud."),
]
TOOL_EXITS = [("0", "Done."), ("1", "It failed: no hub, no such queue, a route that does not compile, a store that is not sound."),
              ("2", "It was called wrongly.")]
HUB_EXITS = [("0", "Stopped as asked, or printed what was asked."),
             ("1", "Could not start, or could not go on: data directory, port, admin socket."),
             ("2", "The arguments or the configuration are wrong; nothing was touched.")]
SIGNALS = [("SIGHUP", "Reads the configuration, routes, users, rules and certificates again. Connections stay; what is broken or "
                      "worse does not replace what is in force."),
           ("SIGTERM, SIGINT", "Says good-bye to clients, sends what is open upstream for at most 3 seconds, makes everything "
                               "durable and exits, within 5 seconds in all.")]
HUB_ENVIRONMENT = [("NOTIFY_SOCKET", "Where systemd is told READY, RELOADING, STOPPING and, as its watchdog, that the loop turns."),
                   ("WATCHDOG_USEC", "How often at least.")]
FILES = [("/etc/headgate/headgate.json", "The configuration of the package's service."),
         ("/var/lib/headgate/headgate-data", "Its data: what waits, sessions, retained messages, and admin.sock."),
         ("/lib/systemd/system/headgated.service", "The unit."),
         ("/usr/share/doc/headgate/examples", "A configuration for TLS with users, and a drop-in for port 443.")]


def text(words: str) -> str:
    """For troff: nothing in it is a request or a ligature of its own."""
    escaped = words.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga").replace("^", "\\(ha")
    escaped = escaped.replace("~", "\\(ti").replace('"', "\\(dq").replace("…", "...").replace("–", "\\(en").replace("·", "\\(bu")
    return "\\&" + escaped if escaped[:1] in ".\\" else escaped


def bold(words: str) -> str:
    return f"\\fB{text(words)}\\fR"


def italic(words: str) -> str:
    return f"\\fI{text(words)}\\fR"


def pairs(entries) -> list[str]:
    return [line for name, says in entries for line in (".TP", bold(name), text(says))]


def bound(entry: Entry) -> str:
    parts = [entry.range, f"default {entry.default}" if entry.default else "",
             f"one of {', '.join(entry.choices)}" if entry.choices else "", "required" if entry.required else "",
             f"else the environment's {entry.environment}" if entry.environment else ""]
    told = ", ".join(part for part in parts if part)
    return f" ({told})" if told else ""


def described(entry: Entry) -> list[str]:
    dots = "..." if entry.many else ""
    if entry.names[0].startswith("-"):
        value = " " + italic(entry.metavar) + dots if entry.metavar else ""
        head = ", ".join(bold(name) + value for name in entry.names)
    else:
        head = italic(entry.names[0].lower()) + dots
    says = entry.says or "No more is said about it"
    return [".TP", head, text(sentence(says + bound(entry)))]


def synopsis(command: Command) -> str:
    """The usage line of the help, words that are typed as they are in bold."""
    typed = {command.usage.split()[0], *command.path}
    words = []
    for word in command.usage.split():
        if word in typed:
            words.append(bold(word))
        elif re.match(r"[\[.]", word) and word.strip("[].") in ("OPTIONS",):
            words.append("[" + italic("options") + "]")
        else:
            plain = re.match(r"(\[?)(.*?)((?:\.\.\.)?\]?)$", word)
            words.append(plain[1] + italic(plain[2].lower()) + plain[3])
    return " ".join(words)


def sentence(says: str) -> str:
    says = re.sub(r"\. (\([^()]*\))$", r" \1", says)
    return says[:1].upper() + says[1:] + ("" if says.endswith(".") else ".")


def own_options(command: Command) -> list[Entry]:
    return [option for option in command.options if "--help" not in option.names]


def command_section(command: Command) -> list[str]:
    lines = [f".SS {text(' '.join(command.path))}", synopsis(command), ".PP", text(sentence(command.says))]
    for entry in [*command.arguments, *own_options(command)]:
        lines += described(entry)
    return lines


def title(name: str, section: int, date: str, says: str, version: str) -> list[str]:
    return [f'.TH {name.upper()} {section} "{date}" "Headgate {version}" "Headgate"', ".nh", ".SH NAME",
            f"{text(name)} \\- {text(says)}"]


def version_of(program: list[str]) -> str:
    return printed(program, "--version").split("\n", 1)[0].split()[1]


def tool_page(date: str, program: list[str]) -> list[str]:
    tree = read(program)
    lines = title("headgate", 1, date, "look into a Headgate hub", version_of(program))
    lines += [".SH SYNOPSIS", f"{bold('headgate')} [{italic('options')}] {italic('command')} [{italic('arguments')}]",
              ".SH DESCRIPTION", text(tree.says), ".PP",
              text("Options of the program itself may also stand behind the command. Each command tells its own with"),
              bold("--help") + "."]
    lines += [".SH OPTIONS"] + [line for option in tree.options for line in described(option)]
    lines += [".SH COMMANDS"]
    for command in tree.leaves():
        lines += command_section(command)
    lines += [".SH EXIT STATUS", *pairs(TOOL_EXITS), ".SH FILES", *pairs(FILES[:2]), ".SH EXAMPLES"]
    for example, says in TOOL_EXAMPLES:
        lines += [text(says), ".PP", ".RS 4", ".nf", text(example), ".fi", ".RE", ".PP"]
    return lines[:-1] + [".SH SEE ALSO", ".BR headgated (8),", ".BR headgate.json (5)"]


def hub_page(date: str, program: list[str]) -> list[str]:
    tree = read(program)
    lines = title("headgated", 8, date, "the hub: an MQTT broker that keeps what the line cannot take", version_of(program))
    lines += [".SH SYNOPSIS", f"{bold('headgated')} [{italic('options')}]", ".SH DESCRIPTION", text(tree.says), ".PP",
              text("Without a configuration it listens on 127.0.0.1:1883, keeps its data in ./headgate-data and has no link. It runs in "
                   "the foreground, and is ready once its log says \"started\"."),
              ".PP", text("The package runs it as the user headgate by the unit headgated.service. systemctl edit headgated changes that; "
                          "a drop-in for ports below 1024 is among the examples.")]
    lines += [".SH OPTIONS"] + [line for option in tree.options for line in described(option)]
    lines += [".SH SIGNALS", *pairs(SIGNALS), ".SH EXIT STATUS", *pairs(HUB_EXITS), ".SH ENVIRONMENT", *pairs(HUB_ENVIRONMENT),
              ".SH FILES", *pairs(FILES)]
    return lines + [".SH SEE ALSO", ".BR headgate (1),", ".BR headgate.json (5),", ".BR systemctl (1)"]


def keys(reference: str):
    """(key, default as it is printed or None, sentence) of every key, those inside a list's or object's entries as KEY.MEMBER."""
    path, said = [], []
    for line in reference.splitlines():
        comment = re.match(r"\s*// ?(.*)", line)
        opened = re.match(r'\s*"([^"]+)": \{$', line)
        member = re.match(r'\s*"([^"]+)": (.*?),?$', line)
        if comment:
            said.append(comment[1])
        elif opened:
            path.append(opened[1])
            said = []
        elif member:
            whole = ".".join([*path, member[1]])
            yield whole, member[2], said[0] if said else ""
            for inner in said[1:]:
                found = re.match(r"\s+([\w.]+): (.*)", inner)
                if not found:
                    raise ValueError(f"--print-config: a comment at {whole} that pages.py does not know: {inner}")
                yield f"{whole}.{found[1]}", None, found[2]
            said = []
        elif re.match(r"\s*\},?$", line) and path:
            path.pop()


def config_page(date: str, program: list[str]) -> list[str]:
    lines = title("headgate.json", 5, date, "configuration of a Headgate hub", version_of(program))
    lines += [".SH DESCRIPTION",
              text("JSON in which comments may stand. Every key may be left out. An unknown key, a value out of its range and a file "
                   "that cannot be read end the start with what, where and what to do; headgated --check FILE says that "
                   "before."), ".PP",
              text("headgated --print-config prints a file with every key, which can be used as it is."), ".SH KEYS"]
    for key, default, says in keys(printed(program, "--print-config")):
        shown = default is not None and len(default) <= 60
        lines += [".TP", bold(key) + (f" (default {text(default)})" if shown else ""), text(sentence(says) if says else "As above.")]
    return lines + [".SH FILES", *pairs(FILES[:1]), ".SH SEE ALSO", ".BR headgated (8),", ".BR headgate (1)"]


PAGES = {"headgate.1": tool_page, "headgated.8": hub_page, "headgate.json.5": config_page}


def main() -> None:
    page, date, program = sys.argv[1], sys.argv[2], sys.argv[3:]
    sys.stdout.write("\n".join(PAGES[page](date, program)) + "\n")


if __name__ == "__main__":
    main()
