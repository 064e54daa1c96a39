// SPDX-License-Identifier: Apache-2.0
// pinhole completion: scripts that complete the command line in bash, zsh and fish, written from
// the command line's own definition, so that they know every option there is.

#include <memory>
#include <string>
#include <vector>

#include "host/commands.h"
#include "host/failure.h"
#include "host/terminal.h"

namespace pinhole::host {

namespace {

struct Flag {
  std::vector<std::string> names;  // "-h", "--help"
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::string choices;  // "a b c"; empty where anything goes
};

struct Level {
  std::string path;                                           // "", "model", "model plan"
  std::vector<std::pair<std::string, std::string>> commands;  // name, help
  std::vector<Flag> flags;
};

Flag FlagOf(const CLI::Option& option) {
  Flag flag;
  for (const std::string& name : option.get_snames()) {
    flag.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    flag.names.push_back("--" + name);
  }
  flag.help = option.get_description();
  flag.takes_value = option.get_type_size() > 0;
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.find('}');
  if (open != std::string::npos && close != std::string::npos) {
    flag.choices = type.substr(open + 1, close - open - 1);
    std::replace(flag.choices.begin(), flag.choices.end(), ',', ' ');
  }
  flag.takes_file = flag.takes_value && (type.rfind("FILE", 0) == 0 || type.rfind("DIR", 0) == 0);
  return flag;
}

void Collect(const CLI::App& app, const std::string& path, std::vector<Level>& levels) {
  Level level{path, {}, {}};
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    level.commands.emplace_back(sub->get_name(), sub->get_description());
  }
  for (const CLI::Option* option : app.get_options()) {
    if (option->nonpositional()) {
      level.flags.push_back(FlagOf(*option));
    }
  }
  levels.push_back(level);
  for (const auto& [name, help] : level.commands) {
    Collect(*app.get_subcommand(name), path.empty() ? name : path + " " + name, levels);
  }
}

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
  return words;
}

// For single quotes of a shell; our own texts only.
std::string Quoted(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    safe += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return safe;
}

std::string Bash(const std::vector<Level>& levels) {
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
  script += "  esac\n  local words=\n  case \"$path\" in\n";
  for (const Level& level : levels) {
    script += "    '" + (level.path.empty() ? "" : " " + level.path) + "') words='" + Words(level) +
              "' ;;\n";
  }
  script +=
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
      "  [[ $word == -* || $path == '' || $path == ' model' ]] || "
      "COMPREPLY+=($(compgen -f -- \"$word\"))\n"
      "}\n"
      "complete -o filenames -F _pinhole pinhole\n";
  return script;
}

std::string ZshBracketed(const std::string& text) {
  std::string safe;
  for (const char c : Quoted(text)) {
    safe += c == '[' || c == ']' || c == ':' ? std::string("\\") + c : std::string(1, c);
  }
  return safe;
}

std::string Zsh(const std::vector<Level>& levels) {
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
      script += "        '*:file:_files' ;;\n";
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

std::string Fish(const std::vector<Level>& levels) {
  std::string script =
      "# pinhole: completion for fish. Put it into ~/.config/fish/completions/pinhole.fish\n";
  for (const Level& level : levels) {
    const std::string head = "complete -c pinhole -n '" + FishCondition(level) + "'";
    for (const auto& [name, help] : level.commands) {
      script += head + " -f -a " + name + " -d '" + Quoted(help) + "'\n";
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

}  // namespace

void AddCompletion(CLI::App& root, Action& chosen) {
  const auto shell = std::make_shared<std::string>();
  CLI::App* command = root.add_subcommand("completion", "Print a script that completes commands");
  command->add_option("SHELL", *shell, "The shell to complete in")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->footer(
      "Examples:\n"
      "  source <(pinhole completion bash)\n"
      "  pinhole completion zsh > ~/.zfunc/_pinhole\n"
      "  pinhole completion fish > ~/.config/fish/completions/pinhole.fish");
  command->callback([shell, &root, &chosen] {
    chosen = [shell, &root] {
      std::vector<Level> levels;
      Collect(root, "", levels);
      Print(*shell == "bash" ? Bash(levels) : (*shell == "zsh" ? Zsh(levels) : Fish(levels)));
      return 0;
    };
  });
}

}  // namespace pinhole::host
