"""Completion of the command line tool for bash and zsh: completion.py bash|zsh PROGRAM… (the words that start it).

Commands, options and values come from its --help. Names of queues and clients are asked of the hub while completing, with the
--socket or --data of the line.
"""

import re
import sys

from help_tree import Command, Entry, read

FILES = re.compile(r"(file|dir|data|socket|unix|key|cert|in|out|against|sqlite|state|dictionary|manifest|old|new|config|identities|engine)$")
NAMES = {"queue": "queues", "id": "clients"}  # arguments whose values the hub knows


def values(entry: Entry) -> str:
    """What the value of an option or argument can be: "a b c" in braces, files, queues, clients or nothing known."""
    if entry.choices:
        return "{" + " ".join(entry.choices) + "}"
    name = entry.names[-1].lstrip("-").lower()
    if not entry.names[0].startswith("-") and name in NAMES:
        return NAMES[name]
    return "files" if FILES.search(name.replace("cafile", "file")) else ""


def flags(command: Command) -> list[str]:
    return [name for option in command.options for name in option.names]


def global_options(tree: Command, command: Command) -> list[Entry]:
    """Those of the program itself may stand anywhere, except behind the commands with a command line of their own."""
    own = command.path and command.path[0] in ("unbatch", "bench")
    known = set(flags(command))
    return [] if own or command is tree else [
        option for option in tree.options if not known & set(option.names) and "--version" not in option.names]


def quoted(words) -> str:
    return "'" + " ".join(words).replace("'", "'\\''") + "'"


BASH = r"""# Completion of headgate for bash. Made of what headgate --help prints.

# Names that the hub knows: _headgate_names queue name, _headgate_names client client_id. Those with a backslash are left out.
_headgate_names() {
  "${COMP_WORDS[0]}" "${_headgate_where[@]}" "$1" ls --json 2>/dev/null |
    grep -oE "\"$2\": ?\"[^\"\\\\]+\"" | sed -E 's/^"[a-z_]+": ?"//; s/"$//' | sort -u
}

# What can stand behind the words: sets `commands`, `options`, `valued` and `arguments` (of the first, second, … argument).
_headgate_at() {
  commands='' options='' valued='' arguments=''
  case $1 in
@CASES@
    *) return 1 ;;
  esac
}

# What the value of option $2 behind the command $1 can be.
_headgate_value() {
  case $1:$2 in
@VALUES@
  esac
}

_headgate_offer() {
  local candidate
  case $1 in
    files) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$2") ;;
    queues | clients)
      while IFS= read -r candidate; do
        [[ $candidate == "$2"* ]] && COMPREPLY+=("$(printf '%q' "$candidate")")
      done < <(if [[ $1 == queues ]]; then _headgate_names queue name; else _headgate_names client client_id; fi) ;;
    '{'*) mapfile -t COMPREPLY < <(compgen -W "${1//[\{\}]/}" -- "$2") ;;
  esac
}

_headgate() {
  local current=${COMP_WORDS[COMP_CWORD]} path='' word at commands options valued arguments count=0 pending=''
  local -a _headgate_where=()
  COMPREPLY=()
  _headgate_at ''
  for ((at = 1; at < COMP_CWORD; ++at)); do
    word=${COMP_WORDS[at]}
    if [[ -n $pending ]]; then
      [[ $word == '=' ]] && continue
      [[ $pending == --socket || $pending == --data ]] && _headgate_where+=("$pending" "${word/#\~\//$HOME/}")
      pending=''
    elif [[ " $valued " == *" $word "* ]]; then
      pending=$word
    elif [[ $word == -* ]]; then
      continue
    elif [[ " $commands " == *" $word "* ]]; then
      path=${path:+$path }$word
      _headgate_at "$path"
    else
      count=$((count + 1))
    fi
  done
  if [[ -n $pending ]]; then
    [[ $current == '=' ]] && current=''
    _headgate_offer "$(_headgate_value "$path" "$pending")" "$current"
  elif [[ $current == -* ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$options" -- "$current")
  elif [[ -n $commands ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$commands" -- "$current")
  else
    local -a kinds
    IFS=, read -r -a kinds <<<"$arguments"
    _headgate_offer "${kinds[count]:-${kinds[-1]:-}}" "$current"
  fi
  # A name with a colon is several words to readline: it wants what follows the last one only.
  declare -F __ltrim_colon_completions >/dev/null && __ltrim_colon_completions "$current"
  return 0
}

complete -F _headgate headgate
"""


def bash(tree: Command) -> str:
    cases, offers = [], []
    for command in tree.all():
        options = [*command.options, *global_options(tree, command)]
        path = " ".join(command.path)
        parts = {
            "commands": [below.path[-1] for below in command.commands],
            "options": [name for option in options for name in option.names],
            "valued": [name for option in options if option.metavar for name in option.names],
        }
        settings = [f"{name}={quoted(words)}" for name, words in parts.items() if words]
        kinds = [values(argument) for argument in command.arguments]
        if kinds:
            # Only the last one may be given several times: behind others there is nothing.
            settings.append(f"arguments={quoted([','.join(kinds + ([] if command.arguments[-1].many else [' ']))])}")
        cases.append(f"    '{path}') {' '.join(settings)} ;;")
        for option in options:
            if option.metavar and values(option):
                patterns = " | ".join(f"'{path}:{name}'" for name in option.names)
                offers.append(f"    {patterns}) echo '{values(option)}' ;;")
    return BASH.replace("@CASES@", "\n".join(cases)).replace("@VALUES@", "\n".join(offers))


ZSH = r"""#compdef headgate
# Completion of headgate for zsh. Made of what headgate --help prints.

# Names that the hub knows, asked with the --socket or --data of the line. Those with a backslash are left out.
_headgate_names() {
  local -a where names
  local at
  for at in {2..$(($#_headgate_words - 1))}; do
    case $_headgate_words[at] in
      --socket | --data) where+=($_headgate_words[at] ${(Q)~_headgate_words[at+1]}) ;;
      --socket=* | --data=*) where+=($_headgate_words[at]) ;;
    esac
  done
  names=(${(f)"$(_call_program names $_headgate_words[1] $where $1 ls --json 2>/dev/null |
    grep -oE "\"$2\": ?\"[^\"\\\\]+\"" | sed -E 's/^"[a-z_]+": ?"//; s/"$//' | sort -u)"})
  _wanted names expl "$1" compadd -a names
}
_headgate_queues() { _headgate_names queue name }
_headgate_clients() { _headgate_names client client_id }

@FUNCTIONS@

_headgate() {
  local -a _headgate_words=("${words[@]}")
  _headgate_
}

_headgate "$@"
"""


def zsh_text(text: str) -> str:
    """For the description in a specification of _arguments, between single quotes."""
    return re.sub(r"([\[\]:\\])", r"\\\1", text).replace("'", "'\\''")


def zsh_values(entry: Entry) -> str:
    kind = values(entry)
    if kind.startswith("{"):
        return f"({kind[1:-1]})"
    return {"files": "_files", "queues": "_headgate_queues", "clients": "_headgate_clients"}.get(kind, "")


def zsh_option(option: Entry) -> str:
    says = zsh_text(option.says)
    action = f":{option.metavar}:{zsh_values(option)}" if option.metavar else ""
    if len(option.names) == 1 or option.many:
        mark = "=" if option.metavar and option.names[0].startswith("--") else ""
        return "\n".join(f"    '{'*' if option.many else ''}{name}{mark}[{says}]{action}'" for name in option.names)
    excluded = " ".join(option.names)
    return "\n".join(f"    '({excluded}){name}{'=' if action and name.startswith('--') else ''}[{says}]{action}'"
                     for name in option.names)


def lines_of(specs: list[str]) -> str:
    """Specifications as one command over many lines."""
    return " \\\n".join(line for spec in specs for line in spec.split("\n"))


def zsh_function(tree: Command, command: Command) -> str:
    name = "_headgate_" + "_".join(command.path).replace("-", "_")
    specs = [zsh_option(option) for option in [*command.options, *global_options(tree, command)]]
    for argument in command.arguments:
        optional = "" if argument.required else ":"
        lead = "*" if argument.many else ""
        specs.append(f"    '{lead}:{'' if argument.many else optional}{argument.names[0].lower()}:{zsh_values(argument)}'")
    if not command.commands:
        return f"{name}() {{\n  _arguments -s \\\n{lines_of(specs)}\n}}"
    specs += ["    '1: :->command'", "    '*:: :->rest'"]
    listed = "\n".join(f"    '{below.path[-1]}:{zsh_text(below.says)}'" for below in command.commands)
    calls = "\n".join(f"      {below.path[-1]}) _headgate_{'_'.join(below.path).replace('-', '_')} ;;"
                      for below in command.commands)
    return f"""{name}() {{
  local state line
  local -a commands
  commands=(
{listed}
  )
  _arguments -C \\
{lines_of(specs)}
  case $state in
    command) _describe -t commands command commands ;;
    rest)
      case $line[1] in
{calls}
      esac ;;
  esac
}}"""


def zsh(tree: Command) -> str:
    return ZSH.replace("@FUNCTIONS@", "\n\n".join(zsh_function(tree, command) for command in tree.all()))


def main() -> None:
    shell, program = sys.argv[1], sys.argv[2:]
    sys.stdout.write({"bash": bash, "zsh": zsh}[shell](read(program)))


if __name__ == "__main__":
    main()
