#include "tools/headgate/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <memory>

#include "core/system_clock.h"
#include "core/text/build_info.h"
#include "core/time/hub_time.h"
#include "store/open.h"
#include "tools/bench/command.h"
#include "tools/headgate/command_tree.h"
#include "tools/headgate/commands/commands.h"
#include "tools/headgate/commands/log/level.h"
#include "tools/headgate/commands/passwd.h"
#include "tools/headgate/commands/remote/commands.h"
#include "tools/headgate/format.h"
#include "tools/headgate/live_directory.h"
#include "tools/interrupt.h"
#include "tools/unbatch/unbatch.h"

namespace headgate::tools {
namespace {

constexpr const char* kDescription =
    "Looks into a Headgate hub. Commands talk to the running hub over its admin socket; queue ls, queue "
    "peek, queue export, "
    "dlq ls, dlq show, why, store stats and store backup also read a stopped hub's directory (--data), store "
    "check "
    "only that. Nothing here changes the hub or its data but queue purge, queue import, queue requeue, queue "
    "pause, queue resume, dlq replay, dlq purge, client kick, log level, twin set, twin patch, method invoke, c2d send, c2d purge, "
    "session rm, route apply, apply, remote apply and remote forget; store backup "
    "makes a copy, passwd changes a file of users, identity one of identities, route import writes a route file, import a configuration, remote keygen two keys, "
    "ca init and ca renew certificates, deploy render units, bundle an archive.";

// Now, in the hub time that a stopped hub's store remembers.
core::Now now_of(const store::QueueReader& reader) {
  core::Now now = core::SystemClock().now();
  const auto text = reader.get(core::kHubTimeKey);
  if (!text) return now;
  const auto record = core::decode_hub_time(*text);
  if (record)
    now.hub_ms = core::HubTime(core::boot_id(), {core::boot_clock_ms(), now.wall_ms}, *record)
                     .at(core::boot_clock_ms());
  return now;
}

// Declares the subcommands; each leaves in `run_` what is to be done.
class CommandLine {
 public:
  CommandLine(std::ostream& out, std::ostream& err, const Terminal& terminal)
      : out_(out), err_(err), terminal_(terminal) {
    display_.width = terminal.width;
    display_.height = terminal.height;
    display_.colour = terminal.colour;
    app_.require_subcommand(1);
    app_.fallthrough();
    app_.set_version_flag("--version", core::build_info("headgate"),
                          "Print the version and how it was built");
    app_.add_option("--socket", socket_, "The hub's admin socket; default: admin.sock in the data directory")
        ->envname("HEADGATE_SOCKET");
    app_.add_option("--url", url_,
                    "The hub's HTTP server, as http://HOST:PORT or https://HOST:PORT, instead of its socket")
        ->envname("HEADGATE_URL");
    app_.add_option("--token-file", token_file_, "File with the token for --url; or $HEADGATE_TOKEN");
    app_.add_option(
            "--ca-file", tls_files_.ca_file,
            "Authorities (PEM) of the hub's certificate, for https; default: those that the system trusts")
        ->envname("HEADGATE_CA_FILE");
    app_.add_option("--cert-file", tls_files_.cert_file,
                    "Certificate (PEM) of yours, for a hub that asks for one");
    app_.add_option("--key-file", tls_files_.key_file, "Its private key (PEM)");
    app_.add_option(
        "--data", data_dir_,
        "The hub's data directory, default ./headgate-data; queue ls|peek|export, dlq ls|show and store "
        "check|stats|backup read it");
    app_.add_flag("--json", json_, "Print JSON, with stable field names");
    add_status();
    add_reload();
    add_upstream();
    add_remote();
    const CommandTree tree = command_tree();
    add_queue(tree);
    add_dlq();
    add_client();
    add_route();
    add_store();
    add_log();
    add_http();
    add_tail();
    add_watch();
    add_topics();
    add_passwd();
    add_unbatch();
    add_bench();
    add_ca(tree);
    add_change(tree);
    add_config(tree);
    add_identity(tree);
    add_deploy(tree);
    add_import(tree);
    add_doctor(tree);
    add_edge(tree);
    add_bundle(tree);
    add_module(tree);
    add_past(tree);
  }

  int run(std::vector<std::string> args) {
    std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
    try {
      app_.parse(args);
    } catch (const CLI::ParseError& error) {
      return app_.exit(error, out_, err_) == 0 ? kExitOk : kExitUsage;
    }
    if (const auto found = find_hub(); !found) {
      err_ << "headgate: " << found.error().what << '\n';
      return kExitUsage;
    }
    return run_();
  }

 private:
  using Command = std::function<int(const Context&)>;

  CLI::App* add(CLI::App& parent, const std::string& name, const std::string& description) {
    CLI::App* const sub = parent.add_subcommand(name, description);
    sub->fallthrough();
    return sub;
  }

  CommandTree command_tree() {
    CommandTree tree{
        app_, out_, err_, json_, run_, [this] { return address_; }, [this] { return data_dir_; }};
    tree.add = [this](CLI::App& parent, const std::string& name, const std::string& description) {
      return add(parent, name, description);
    };
    tree.on_hub = [this](CLI::App* sub, Command command) { on_hub(sub, std::move(command)); };
    tree.on_hub_or_directory = [this](CLI::App* sub, Command command) {
      on_hub_or_directory(sub, std::move(command));
    };
    tree.on_listing = [this](CLI::App* sub, Command command, bool sorts) {
      on_listing(sub, std::move(command), {.sorts = sorts, .of_directory = true});
    };
    return tree;
  }

  CLI::App& add_group(const std::string& name, const std::string& description) {
    CLI::App* const group = add(app_, name, description);
    group->require_subcommand(1);
    return *group;
  }

  [[nodiscard]] std::string data_dir() const { return data_dir_.empty() ? "./headgate-data" : data_dir_; }
  [[nodiscard]] std::string store_dir() const { return data_dir() + "/" + std::string(store::kStoreDirName); }
  // Where the hub is that commands ask.
  core::Status find_hub() {
    if (url_.empty()) {
      address_.socket = socket_.empty() ? data_dir() + "/admin.sock" : socket_;
      return {};
    }
    auto at = parse_hub_url(url_);
    if (!at) return core::fail(at.error());
    address_ = *std::move(at);
    address_.files = tls_files_;
    if (token_file_.empty()) {
      const char* const token = std::getenv("HEADGATE_TOKEN");
      address_.token = token == nullptr ? "" : token;
      return {};
    }
    auto token = read_token(token_file_);
    if (!token) return core::fail(token.error());
    address_.token = *std::move(token);
    return {};
  }

  void on_hub(CLI::App* sub, Command command) {
    sub->callback([this, command = std::move(command)] {
      run_ = [this, command] {
        HttpAdminClient client(address_);
        return command({client, out_, err_, json_, nullptr, {}, display_});
      };
    });
  }

  // Runs it on the hub, or with --data on the directory: of a stopped hub straight from its files, of a
  // running one over the admin socket in it, and of one that does not answer from a view of its files as they are.
  void on_hub_or_directory(CLI::App* sub, Command command) {
    sub->callback([this, command = std::move(command)] {
      run_ = [this, command] { return run_on_hub_or_directory(command); };
    });
  }

  int run_on_hub_or_directory(const Command& command) {
    HttpAdminClient client(address_);
    if (data_dir_.empty()) return command({client, out_, err_, json_, nullptr, {}, display_});
    auto reader = store::open_queue_reader(store_dir());
    if (!reader && reader.error().code == core::Errc::unavailable) {
      const auto heard = client.get("/v1/history");
      if (heard || heard.error().code != core::Errc::unavailable || !url_.empty())
        return command({client, out_, err_, json_, nullptr, {}, display_});
      const LiveDirectory view(store_dir());
      if (view.reader() != nullptr) {
        err_ << "headgate: a hub has " << printable(data_dir_)
             << " in use and does not answer: this is what was in its store at "
             << iso_time(core::SystemClock().now().wall_ms) << '\n';
        return command({client, out_, err_, json_, view.reader(), now_of(*view.reader()), display_});
      }
      err_ << "headgate: a hub has " << printable(data_dir_)
           << " in use and does not answer, and its store cannot be looked at beside it: "
           << printable(view.why()) << '\n';
      return kExitFailed;
    }
    if (reader) return command({client, out_, err_, json_, reader->get(), now_of(**reader), display_});
    err_ << "headgate: " << reader.error().what << '\n';
    return kExitFailed;
  }

  // Shows a table, or what there is, again and again with --watch.
  struct Listing {
    bool sorts = true;          // it is a table
    bool of_directory = false;  // see on_hub_or_directory()
  };
  void on_listing(CLI::App* sub, Command command, Listing listing) {
    sub->add_option("-o,--output", output_, "wide: every column, whole")->check(CLI::IsMember({"wide"}));
    if (listing.sorts) sub->add_option("--sort", display_.sort, "By this column: COLUMN or COLUMN:desc");
    sub->add_option("--watch", watch_s_, "Show it again every so many seconds (2), until interrupted")
        ->expected(0, 1)
        ->default_str("2")
        ->check(CLI::Range(1, 3600));
    sub->callback([this, sub, listing, command = std::move(command)] {
      const auto once = [this, listing, command] {
        if (listing.of_directory) return run_on_hub_or_directory(command);
        HttpAdminClient client(address_);
        return command({client, out_, err_, json_, nullptr, {}, display_});
      };
      run_ = [this, once, watches = sub->count("--watch") > 0] {
        display_.wide = output_ == "wide";
        return watches ? watch(once) : once();
      };
    });
  }

  int watch(const std::function<int()>& show) {
    const Interrupt interrupt;
    for (bool first = true;; first = false) {
      if (terminal_.width > 0)
        out_ << "\x1b[H\x1b[2J";
      else if (!first)
        out_ << '\n';
      const int code = show();
      out_.flush();
      if (code == kExitUsage || Interrupt::requested() || !out_ || !terminal_.wait(watch_s_)) return code;
    }
  }

  // Runs a command that opens the store itself: it gets the directory if no hub has it in use, else "".
  void on_hub_or_store(CLI::App* sub, std::function<int(const Context&, const std::string&)> command) {
    sub->callback([this, command = std::move(command)] {
      run_ = [this, command] {
        HttpAdminClient client(address_);
        bool stopped = !data_dir_.empty();
        if (stopped) {
          const auto reader = store::open_queue_reader(store_dir());
          stopped = reader.has_value() || reader.error().code != core::Errc::unavailable;
        }
        return command({client, out_, err_, json_}, stopped ? store_dir() : "");
      };
    });
  }

  void add_status() {
    on_listing(add(app_, "status", "The hub, its store and its link upstream"), run_status, {.sorts = false});
  }

  void add_reload() {
    on_hub(add(app_, "reload", "Have the hub read routes, users, rules and certificates again"), run_reload);
  }

  void add_upstream() {
    CLI::App& upstream = add_group("upstream", "Links upstream and what goes over them");
    on_listing(add(upstream, "status", "Each link: its state, why it waits, its bytes and budget"),
               run_upstream_status, {.sorts = false});
    on_listing(add(upstream, "forecast", "When what waits will be gone, and what expires first"),
               run_upstream_forecast, {.sorts = false});
  }

  void add_remote() {
    CLI::App& remote = add_group("remote", "Signed documents that lie over the hub's configuration");
    on_hub(add(remote, "status", "The document in force, and what became of the last"), run_remote_status);
    on_hub(add(remote, "forget", "Have only the hub's own files in force"), run_remote_forget);
    CLI::App* const apply = add(remote, "apply", "Put a signed document in force");
    apply->add_option("file", remote_apply_.file, "What headgate remote sign has printed")->required();
    apply->add_flag("--force", remote_apply_.force, "Even if its version is not higher than the last one's");
    on_hub(apply, [this](const Context& context) { return run_remote_apply(context, remote_apply_); });
    add_remote_sign(remote);
    CLI::App* const keygen = add(remote, "keygen", "Make a key that signs, and the one for the hubs");
    keygen->add_option("name", key_name_, "Writes NAME.key and NAME.pub")->required();
    keygen->callback([this] { run_ = [this] { return run_remote_keygen(key_name_, out_, err_); }; });
  }

  void add_remote_sign(CLI::App& remote) {
    CLI::App* const sign = add(remote, "sign", "Print a document in its envelope, without a hub");
    sign->add_option("--key", sign_.key, "The private Ed25519 key (PEM)")->required();
    CLI::Option* const hub = sign->add_option("--hub", sign_.hub, "Id of the hub that it is for");
    sign->add_option("--group", sign_.group, "Or the group of hubs")->excludes(hub);
    sign->add_option("--version", sign_.version, "Higher than that of the one before")->required();
    sign->add_option("file", sign_.file, "The document: JSON")->required();
    sign->callback([this] { run_ = [this] { return run_remote_sign(sign_, out_, err_); }; });
  }

  void add_dlq() {
    CLI::App& dlq = add_group("dlq", "Dead letters: messages that nobody could take");
    CLI::App* const ls = add(dlq, "ls", "All of them, oldest first");
    ls->add_option("--after", letters_.after, "Only letters with a seq greater than this");
    ls->add_option("-n,--count", letters_.count, "How many")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    on_listing(ls, [this](const Context& context) { return run_dlq_ls(context, letters_); },
               {.sorts = false, .of_directory = true});
    CLI::App* const show = add(dlq, "show", "One of them: where it was and why it died");
    show->add_option("seq", letter_, "Its seq, as dlq ls shows it")->required();
    show->add_flag("--payload", letter_payload_, "Print the payload, too");
    on_hub_or_directory(
        show, [this](const Context& context) { return run_dlq_show(context, letter_, letter_payload_); });
    add_letters_verb(add(dlq, "replay", "Put letters back into the queues they came from"), run_dlq_replay);
    add_letters_verb(add(dlq, "purge", "Drop letters"), run_dlq_purge);
  }

  void add_letters_verb(CLI::App* sub, int (*verb)(const Context&, const LetterChoice&, const Consent&)) {
    CLI::Option* const seqs = sub->add_option("seq", choice_.seqs, "Their seqs, as dlq ls shows them");
    CLI::Option* const all = sub->add_flag("--all", choice_.all, "All that there are");
    seqs->excludes(all);
    add_yes(sub);
    on_hub(sub, [this, verb](const Context& context) {
      if (choice_.all || !choice_.seqs.empty()) return verb(context, choice_, consent_);
      err_ << "headgate: name the seqs of dead letters (headgate dlq ls), or say --all\n";
      return kExitUsage;
    });
  }

  void add_yes(CLI::App* sub) { sub->add_flag("--yes", consent_.yes, "Do not ask"); }

  void add_client() {
    CLI::App& client = add_group("client", "Who is connected, or has a session");
    on_listing(add(client, "ls", "All clients"), run_client_ls, {});
    CLI::App* const kick = add(client, "kick", "End a client's connection; its session stays");
    kick->add_option("id", client_id_, "The client id, as client ls shows it")->required();
    on_hub(kick, [this](const Context& context) { return run_client_kick(context, client_id_); });
    CLI::App* const rights = add(client, "rights", "What a client may do, and what it has subscribed to");
    rights->add_option("id", client_id_, "The client id, as client ls shows it")->required();
    on_hub(rights, [this](const Context& context) { return run_client_rights(context, client_id_); });
    CLI::App& session = add_group("session", "What the hub keeps for a client that is away");
    CLI::App* const rm = add(session, "rm", "End a session with its subscriptions and what waits for it");
    rm->add_option("id", client_id_, "The client id, as client ls shows it")->required();
    add_yes(rm);
    on_hub(rm, [this](const Context& context) { return run_session_rm(context, client_id_, consent_); });
  }

  void add_route() {
    CLI::App& route = add_group("route", "What goes where");
    on_listing(add(route, "ls", "All routes of the hub and what became of them"), run_route_ls, {});
    CLI::App* const check = add(route, "check", "Compile route files, without a hub");
    check->add_option("file", files_, "Route files, deployment manifests or whole configurations")
        ->required();
    check->callback([this] { run_ = [this] { return run_route_check(files_, json_, out_, err_); }; });
    CLI::App* const windows = add(route, "windows", "Groups of a computing route, and their open windows");
    windows->add_option("route", windows_.route, "The route, as route ls shows it")->required();
    windows->add_option("-n,--count", windows_.count, "How many groups")->check(CLI::Range(1, 1000));
    on_listing(windows, [this](const Context& context) { return run_route_windows(context, windows_); }, {});
    add_route_explain(route);
    add_route_test(route);
    add_route_replay(route);
    add_route_shadow(route);
    add_route_import(route);
    add_route_apply(route);
  }

  void add_route_shadow(CLI::App& route) {
    CLI::App* const shadow =
        add(route, "shadow", "Have the hub count what routes would give, and deliver nothing of it");
    shadow->add_option("file", shadow_.file, "A route file, deployment manifest or whole configuration");
    shadow->add_flag("--stop", shadow_.stop, "End that");
    on_hub(shadow, [this](const Context& context) { return run_route_shadow(context, shadow_); });
  }

  void add_route_replay(CLI::App& route) {
    CLI::App* const replay = add(
        route, "replay", "Run routes over the messages that the hub has kept, and compare what comes out");
    replay->add_option("file", replay_.file, "A route file, deployment manifest or whole configuration");
    replay->add_option("--route", replay_.route,
                       "Only rows of this route; without a file one that is in force");
    replay->add_option("--since", replay_.since, "Only rows from then on: 90m, 1h, 2d ago, or an ISO time");
    replay->add_option("--until", replay_.until, "Only messages up to then");
    replay
        ->add_option("--last", replay_.last,
                     "Over what the running hub has recorded in that time (1h), instead of its history")
        ->excludes("--since");
    CLI::Option* const diff =
        replay->add_flag("--diff", replay_.diff, "Only what would differ from the routes in force");
    replay->add_option("--against", replay_.against, "Only what would differ from the routes of this file")
        ->excludes(diff);
    on_hub_or_directory(replay, [this](const Context& context) {
      replay_.now_ms = core::SystemClock().now().wall_ms;
      return run_route_replay(context, replay_);
    });
  }

  void add_route_explain(CLI::App& route) {
    CLI::App* const explain = add(
        route, "explain", "How routes are read, what they keep in memory and where they lead, without a hub");
    explain->add_option("file", explain_.file, "A route file, deployment manifest or whole configuration")
        ->required();
    explain->add_option("route", explain_.route, "Only the route of this name");
    explain->callback([this] { run_ = [this] { return run_route_explain(explain_, json_, out_, err_); }; });
  }

  void add_route_test(CLI::App& route) {
    CLI::App* const test =
        add(route, "test",
            "Run messages through routes, or case files (.rt), without a hub; or those that it has recorded");
    test->add_option("file", trial_.files,
                     "Route files, deployment manifests or whole configurations; or case files")
        ->required();
    CLI::Option* const in =
        test->add_option("--in", trial_.sample,
                         "Messages, a JSON object a line, as headgate tail --payload --json prints them");
    CLI::Option* const recorded = test->add_flag(
        "--recorded", trial_.recorded, "Over the messages that the running hub has recorded, on the hub");
    recorded->excludes(in);
    test->add_option("--since", trial_.since, "With --recorded: of that time, such as 90s, 30m, 1h")
        ->needs(recorded)
        ->capture_default_str();
    test->callback([this] {
      run_ = [this] {
        if (!trial_.recorded) return run_route_test(trial_, json_, out_, err_);
        HttpAdminClient client(address_);
        return run_route_test_recorded({client, out_, err_, json_, nullptr, {}, display_}, trial_);
      };
    });
  }

  void add_route_apply(CLI::App& route) {
    CLI::App* const apply =
        add(route, "apply", "Check a route file, put it into the hub's routes_dir and in force");
    apply->add_option("file", apply_.file, "The route file or manifest; the hub keeps its name")->required();
    apply->add_flag("--dry-run", apply_.dry_run, "Only say what would become of each route");
    apply->add_flag("--force", apply_.force, "Even if some of its routes are wrong: they are left out");
    on_hub(apply, [this](const Context& context) { return run_route_apply(context, apply_); });
  }

  void add_route_import(CLI::App& route) {
    CLI::App* const manifest =
        add(route, "import", "Make a route file of an IoT Edge deployment manifest, without a hub");
    manifest->add_option("manifest", import_.manifest, "The manifest, whole or layered")->required();
    manifest->add_option("--out", import_.out, "Directory for MANIFEST.routes.json, or - for standard output")
        ->capture_default_str();
    manifest->add_flag("--force", import_.force, "Overwrite a file that is there");
    manifest->callback([this] { run_ = [this] { return run_route_import(import_, json_, out_, err_); }; });
  }

  void add_store() {
    CLI::App& group = add_group("store", "The hub's database");
    CLI::App* const check =
        add(group, "check", "Read all of a stopped hub's store and say what is wrong in it");
    check->callback([this] { run_ = [this] { return run_store_check(store_dir(), json_, out_, err_); }; });
    on_hub_or_store(add(group, "stats", "What the store takes: files, memory, bytes written"),
                    run_store_stats);
    CLI::App* const backup = add(group, "backup", "Copy the store of a running or stopped hub");
    backup->add_option("dir", backup_dir_, "Where to: a new or empty directory")->required();
    on_hub_or_store(backup, [this](const Context& context, const std::string& store_dir) {
      return run_store_backup(context, store_dir, backup_dir_);
    });
  }

  void add_log() {
    CLI::App& log = add_group("log", "The hub's log");
    CLI::App* const level =
        add(log, "level", "Levels of the hub's parts: show them, or set some until the next reload");
    level->add_option("setting", log_settings_,
                      "PART=LEVEL, or LEVEL for every part: debug, info, warn, error, or default");
    on_hub(level, [this](const Context& context) { return run_log_level(context, log_settings_); });
  }

  void add_http() {
    CLI::App& http = add_group("http", "The hub's HTTP server");
    add(http, "token", "Print the token that the hub made for its HTTP server")->callback([this] {
      run_ = [this] {
        const auto token = read_token(token_file_.empty() ? data_dir() + "/http-token" : token_file_);
        if (token) out_ << *token << '\n';
        if (!token) err_ << "headgate: " << token.error().what << '\n';
        return token ? kExitOk : kExitFailed;
      };
    });
  }

  void add_tail() {
    CLI::App* const tail = add(app_, "tail", "Messages as they arrive at the hub, until interrupted");
    CLI::Option* const filter =
        tail->add_option("filter", tail_.filter, "MQTT topic filter")->capture_default_str();
    tail->add_option("--module", tail_.module, "Only what this module sends and gets: modules/MODULE/#")
        ->excludes(filter);
    const std::string follows = "Go on with what comes next, as it does anyway";
    tail->add_flag("-f,--follow", follows);
    tail->add_flag("--payload", tail_.payload, "Print the payloads, too");
    tail->add_flag("-w,--watch", tail_.in_place,
                   "One line a topic, in place: its last message and how many came");
    on_hub(tail, [this](const Context& context) { return run_tail(context, tail_); });
  }

  void add_watch() {
    CLI::App* const watch = add(app_, "watch", "The hub as it goes on, a line a second, until interrupted");
    watch->add_option(
        "--parts", watch_parts_,
        "What --json prints: some of status, queues, routes, upstream, forecast, clients, events, with "
        "commas between them");
    on_hub(watch, [this](const Context& context) { return run_watch(context, watch_parts_); });
  }

  void add_topics() {
    CLI::App* const topics = add(app_, "topics", "Topics that messages came on, with their last values");
    topics->add_option("filter", topics_.filter, "MQTT topic filter")->capture_default_str();
    topics->add_option("--depth", topics_.depth, "Levels that are told apart; 0 for all")
        ->check(CLI::Range(0u, 1'000u))
        ->capture_default_str();
    topics->add_flag("--flat", topics_.flat, "A topic a line instead of a tree");
    topics->add_flag("--payload", topics_.payload, "Print the last payloads, too");
    on_hub(topics, [this](const Context& context) { return run_topics(context, topics_); });
  }

  void add_passwd() {
    CLI::App* const passwd = add(app_, "passwd", "Add, change or remove a user of a password file");
    passwd->add_option("file", passwd_.file, "The file of users; made if it is missing")->required();
    passwd->add_option("user", passwd_.user, "The user's name")->required();
    passwd->add_flag("--delete", passwd_.remove, "Remove the user");
    passwd->add_flag("--stdin", passwd_stdin_, "Take the password from the first line of standard input");
    passwd->add_option("--memory-kib", passwd_.cost.memory_kib, "Memory that argon2id takes for one check")
        ->check(CLI::Range(8u, 1'048'576u))
        ->capture_default_str();
    passwd->add_option("--passes", passwd_.cost.passes, "Its passes over that memory")
        ->check(CLI::Range(1u, 64u))
        ->capture_default_str();
    passwd->add_option("--lanes", passwd_.cost.lanes, "Its lanes")
        ->check(CLI::Range(1u, 16u))
        ->capture_default_str();
    passwd->callback([this] {
      run_ = [this] {
        return run_passwd(passwd_, passwd_stdin_ ? read_password_line : ask_password, out_, err_);
      };
    });
  }

  void add_unbatch() {
    add_own(app_, "unbatch", "Batches from upstream as one JSON message a line",
            [this](const auto& args) { return run_unbatch(args, std::cin, out_, err_); });
  }

  void add_bench() {
    add_own(app_, "bench", "Load any MQTT broker, and report rates and latencies",
            [this](std::vector<std::string> args) {
              if (json_) args.push_back("--json");
              return run_bench(args, out_, err_);
            });
  }

  // Has options of its own, and needs no hub: everything behind the word is passed on.
  void add_own(CLI::App& parent, const std::string& name, const std::string& description,
               std::function<int(const std::vector<std::string>&)> command) {
    CLI::App* const sub = parent.add_subcommand(name, description);
    sub->set_help_flag();
    sub->prefix_command();
    sub->fallthrough(false);  // else options that are not known here are looked for in `headgate`
    sub->callback([this, sub, command = std::move(command)] {
      run_ = [sub, command] { return command(sub->remaining()); };
    });
  }

  std::ostream& out_;
  std::ostream& err_;
  CLI::App app_{kDescription, "headgate"};
  std::string socket_;
  std::string url_;
  std::string token_file_;
  core::TlsFiles tls_files_;
  HubAddress address_;
  std::string data_dir_;
  bool json_ = false;
  Terminal terminal_;
  Display display_;
  std::string output_;
  int watch_s_ = 2;
  LettersOptions letters_;
  uint64_t letter_ = 0;
  bool letter_payload_ = false;
  LetterChoice choice_;
  std::string client_id_;
  std::vector<std::string> log_settings_;
  Consent consent_;
  TailOptions tail_;
  std::string watch_parts_;
  TopicsOptions topics_;
  PasswdOptions passwd_;
  bool passwd_stdin_ = false;
  std::string backup_dir_;
  std::vector<std::string> files_;
  ExplainOptions explain_;
  RouteTestOptions trial_;
  RouteWindowsOptions windows_;
  ReplayOptions replay_;
  ShadowOptions shadow_;
  ImportOptions import_;
  ApplyOptions apply_;
  RemoteApplyOptions remote_apply_;
  SignOptions sign_;
  std::string key_name_;
  std::function<int()> run_;
};

}  // namespace

int run_headgate(std::vector<std::string> args, std::ostream& out, std::ostream& err,
                 const Terminal& terminal) {
  return CommandLine(out, err, terminal).run(std::move(args));
}

}  // namespace headgate::tools
