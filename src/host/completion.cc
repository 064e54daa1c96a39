// SPDX-License-Identifier: Apache-2.0
#include "host/completion.h"

#include <algorithm>

namespace pinhole::host {

namespace {

std::string Words(const Level& level) {
  std::string words;
  for (const auto& [name, help] : level.commands) {
    words += (words.empty() ? "" : " ") + name;
  }
  for (const Flag& flag : level.flags) {
    for (const std::string& name : flag.names) {
      words += (words.empty() ? "" : " ") + name;
    }
  }
  return words + (level.choices.empty() ? "" : " " + level.choices);
}

// A level without commands takes files, unless it takes one of a few words.
bool TakesFiles(const Level& level) { return level.commands.empty() && level.choices.empty(); }

// For single quotes of a shell; our own texts only.
std::string Quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return safe;
}

std::string ZshBracketed(const std::string& text) {
  std::string safe;
  for (const char c : Quoted(text)) {
    safe += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  }
  return safe;
}

// Fish asks a condition for each line: the words of the level have been typed, and none of a deeper
// level.
std::string FishCondition(const Level& level) {
  std::string condition;
  for (std::size_t begin = 0; begin < level.path.size();) {
    const std::size_t end = std::min(level.path.find(' ', begin), level.path.size());
    condition += (condition.empty() ? "" : "; and ") + std::string("__fish_seen_subcommand_from ") +
                 level.path.substr(begin, end - begin);
    begin = end + 1;
  }
  if (!level.commands.empty()) {
    condition +=
        (condition.empty() ? "" : "; and ") + std::string("not __fish_seen_subcommand_from");
    for (const auto& [name, help] : level.commands) {
      condition += " " + name;
    }
  }
  return condition;
}

}  // namespace

std::string BashCompletion(const std::vector<Level>& levels) {
  std::string script =
      "# pinhole: completion for bash. Source it, or put it into\n"
      "# /usr/share/bash-completion/completions/pinhole\n"
      "_pinhole() {\n"
      "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} path= i\n"
      "  for ((i = 1; i < COMP_CWORD; ++i)); do\n"
      "    case \"$path ${COMP_WORDS[i]}\" in\n";
  for (const Level& level : levels) {
    if (!level.path.empty()) {
      script += "      ' " + level.path + "') path=' " + level.path + "' ;;\n";
    }
  }
  script += "    esac\n  done\n  case \"$path $before\" in\n";
  for (const Level& level : levels) {
    for (const Flag& flag : level.flags) {
      for (const std::string& name : flag.names) {
        const std::string key = (level.path.empty() ? "" : " " + level.path) + " " + name;
        if (!flag.choices.empty()) {
          script += "    '" + key + "') COMPREPLY=($(compgen -W '" + flag.choices +
                    "' -- \"$word\")); return ;;\n";
        } else if (flag.takes_value) {
          script += "    '" + key + "') COMPREPLY=(" +
                    (flag.takes_file ? "$(compgen -f -- \"$word\")" : "") + "); return ;;\n";
        }
      }
    }
  }
  script += "  esac\n  local words= files=\n  case \"$path\" in\n";
  for (const Level& level : levels) {
    script += "    '" + (level.path.empty() ? "" : " " + level.path) + "') words='" + Words(level) +
              "'" + (TakesFiles(level) ? " files=1" : "") + " ;;\n";
  }
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  [[ $word == -* || -z $files ]] || COMPREPLY+=($(compgen -f -- \"$word\"))\n"
      "}\n"
      "complete -o filenames -F _pinhole pinhole\n";
  return script;
}

std::string ZshCompletion(const std::vector<Level>& levels) {
  std::string script =
      "#compdef pinhole\n"
      "# pinhole: completion for zsh. Put it as _pinhole into a folder of $fpath.\n"
      "_pinhole() {\n"
      "  local level='' i\n"
      "  for ((i = 2; i < CURRENT; ++i)); do\n"
      "    case \"$level ${words[i]}\" in\n";
  for (const Level& level : levels) {
    if (!level.path.empty()) {
      script += "      ' " + level.path + "') level=' " + level.path + "' ;;\n";
    }
  }
  script += "    esac\n  done\n  case \"$level\" in\n";
  for (const Level& level : levels) {
    script += "    '" + (level.path.empty() ? "" : " " + level.path) + "')\n";
    script += "      _arguments \\\n";
    for (const Flag& flag : level.flags) {
      for (const std::string& name : flag.names) {
        script += "        '*" + name + "[" + ZshBracketed(flag.help) + "]";
        if (!flag.choices.empty()) {
          script += ":choice:(" + flag.choices + ")";
        } else if (flag.takes_value) {
          script += flag.takes_file ? ":file:_files" : ":number: ";
        }
        script += "' \\\n";
      }
    }
    if (level.commands.empty()) {
      script += level.choices.empty() ? "        '*:file:_files' ;;\n"
                                      : "        ':choice:(" + level.choices + ")' ;;\n";
      continue;
    }
    script += "        '*:command:((";
    for (const auto& [name, help] : level.commands) {
      script += name + "\\:\"" + ZshBracketed(help) + "\" ";
    }
    script += "))' ;;\n";
  }
  return script + "  esac\n}\n_pinhole \"$@\"\n";
}

std::string FishCompletion(const std::vector<Level>& levels) {
  std::string script =
      "# pinhole: completion for fish. Put it into ~/.config/fish/completions/pinhole.fish\n";
  for (const Level& level : levels) {
    const std::string head = "complete -c pinhole -n '" + FishCondition(level) + "'";
    for (const auto& [name, help] : level.commands) {
      script += head + " -f -a " + name + " -d '" + Quoted(help) + "'\n";
    }
    if (!level.choices.empty()) {
      script += head + " -f -a '" + level.choices + "'\n";
    }
    for (const Flag& flag : level.flags) {
      script += head;
      for (const std::string& name : flag.names) {
        script += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (!flag.choices.empty()) {
        script += " -x -a '" + flag.choices + "'";
      } else if (flag.takes_value) {
        script += flag.takes_file ? " -r -F" : " -x";
      }
      script += " -d '" + Quoted(flag.help) + "'\n";
    }
  }
  return script;
}

}  // namespace pinhole::host
