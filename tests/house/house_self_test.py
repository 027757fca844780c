"""Shows every house rule failing on a small tree, and none on a good one."""

import pathlib
import tempfile
import unittest

import house_test as house

HEADER = "// A header.\n#pragma once\nnamespace headgate::core {}\n"
GOOD = {
    "CHANGELOG.md": "# Changelog\n\n## [Unreleased]\n",
    "README.md": "[docs](docs/guarantees.md#one) and [a site](https://example.org)\n",
    "docs/guarantees.md": "`Topic.Matches` in `tests/core/topic_test.cc`\n",
    "core/CMakeLists.txt": "add_library(headgate_core STATIC\n  topic.cc)\n",
    "core/topic.h": HEADER,
    "core/topic.cc": '#include "core/topic.h"\n\n#include <string>\n',
    "tests/core/CMakeLists.txt": "headgate_test(core_tests unit topic_test.cc)\n",
    "tests/core/topic_test.cc": '#include "core/topic.h"\nTEST(Topic, Matches) {}\n',
}


class HouseRules(unittest.TestCase):
    def broken(self, rule, path, text):
        """What the rule finds once this file is in the good tree."""
        found = list(rule(house.Tree({**GOOD, path: text})))
        self.assertNotEqual(found, [], f"{rule.__name__} does not see {path}: {text!r}")
        return " ".join(map(str, found))

    def fine(self, rule, path, text):
        self.assertEqual(list(rule(house.Tree({**GOOD, path: text}))), [])

    def test_good_tree_has_no_findings(self):
        for rule in house.RULES + house.WARNINGS:
            self.assertEqual(list(rule(house.Tree(GOOD))), [], rule.__name__)

    def test_forbidden_arrows(self):
        tree = '#include "%s"\n'
        for path, included in [("core/a.cc", "store/s.h"), ("broker/a.cc", "routing/r.h"),
                               ("store/a.cc", "hub/h.h"), ("routing/a.cc", "broker/b.h"),
                               ("upstream/a.cc", "broker/b.h"), ("tools/a.cc", "hub/h.h"),
                               ("tests/broker/a.cc", "store/s.h")]:
            self.assertIn("forbidden arrow", self.broken(house.arrows, path, tree % included))

    def test_allowed_arrows(self):
        for path in ["core/a.cc", "routing/a.cc", "hub/a.cc", "tools/a.cc", "tests/core/b.cc",
                     "tests/e2e/a.cc"]:
            self.fine(house.arrows, path, '#include "core/topic.h"\n')

    def test_includes_are_rooted_and_exist(self):
        self.assertIn("not rooted", self.broken(house.arrows, "core/a.cc", '#include "topic.h"\n'))
        self.assertIn("does not exist", self.broken(house.arrows, "core/a.cc", '#include "core/gone.h"\n'))

    def test_forbidden_links(self):
        lists = "target_link_libraries(headgate_broker PUBLIC headgate::%s)\n"
        self.broken(house.link_arrows, "broker/CMakeLists.txt", lists % "store")
        self.fine(house.link_arrows, "broker/CMakeLists.txt", lists % "flags")

    def test_fenced_libraries(self):
        for path, header in [("store/queue_store.cc", "rocksdb/db.h"), ("hub/main.cc", "mosquitto.h"),
                             ("broker/session/session.cc", "boost/asio/io_context.hpp"),
                             ("store/rocks/store.cc", "spdlog/spdlog.h"),
                             ("core/a.cc", "boost/crc.hpp"), ("core/a.cc", "sys/resource.h"), ("upstream/drain/forwarder.cc", "boost/beast.hpp"),
                             ("hub/engine/ingest.cc", "boost/asio/post.hpp"),
                             ("routing/table/compile.cc", "valijson/schema.hpp"), ("hub/main.cc", "re2/re2.h")]:
            self.broken(house.fences, path, f"#include <{header}>\n")
        for path, header in [("store/rocks/store.cc", "rocksdb/db.h"), ("tools/unbatch/main.cc", "mosquitto.h"),
                             ("upstream/link/mosquitto_link.cc", "mosquitto.h"), ("hub/observe/log.cc", "spdlog/spdlog.h"),
                             ("broker/net/listener.h", "boost/asio/ip/tcp.hpp"), ("core/a.cc", "string"),
                             ("core/os/priority.cc", "sys/resource.h"),
                             ("routing/schema/patterns.cc", "re2/re2.h")]:
            self.fine(house.fences, path, f"#include <{header}>\n")

    def test_inner_folders(self):
        for path, fine in [("store/open.cc", True), ("tests/store/a_test.cc", True), ("hub/hub.cc", False),
                           ("tools/headgate/main.cc", False)]:
            verify = self.fine if fine else self.broken
            verify(house.inner_folders, path, '#include "store/rocks/store.h"\n')

    def test_full_folders(self):
        files = {f"hub/engine/a{n}.cc": "" for n in range(house.FOLDER_FILES_MAX)}
        self.assertEqual(list(house.full_folders(house.Tree(files))), [])
        self.assertEqual(len(list(house.full_folders(house.Tree({**files, "hub/engine/b.cc": ""})))), 1)

    def test_names_do_not_repeat_their_folder(self):
        self.broken(house.repeated_names, "store/rocks/rocks_db.cc", "")
        self.fine(house.repeated_names, "store/rocks/store.cc", "")

    def test_heavy_headers(self):
        self.broken(house.heavy_headers, "hub/config/config.h", "#include <nlohmann/json.hpp>\n")
        self.fine(house.heavy_headers, "hub/config/config.cc", "#include <nlohmann/json.hpp>\n")

    def test_forbidden_words(self):
        for path, line in [("tests/core/a.cc", "std::this_thread::sleep_for(1ms);"),
                           ("broker/a.cc", "auto t = std::chrono::steady_clock::now();"),
                           ("upstream/a.cc", "std::random_device r;"), ("routing/a.cc", "std::mutex m;"),
                           ("core/b.h", "using namespace std;"), ("hub/a.cc", "#if 0"),
                           ("hub/a.cc", 'for (const auto& one : parse(text)["list"]) use(one);'),
                           ("hub/b.cc", "for (const Entry& entry : *store_.read(queue, now())) use(entry);"),
                           ("tests/hub/a.cc", "for (const auto& one : hub_.ask({f(1), 2}).at(0)) use(one);")]:
            self.broken(house.words, path, line + "\n")
        self.fine(house.words, "tests/e2e/a.cc", "std::this_thread::sleep_for(1ms);\n")
        self.fine(house.words, "core/b.h", "using namespace std::chrono_literals;\n")
        self.fine(house.words, "routing/a.cc", "int a;  // without a std::mutex\n")
        self.fine(house.words, "hub/a.cc", "for (const auto& one : list(text)) use(parse(one)[0]);\n")

    def test_left_notes(self):
        self.broken(house.left_notes, "hub/a.cc", "// TO" + "DO: later\n")

    def test_types_have_names_of_their_own(self):
        header = "namespace headgate::core {\nstruct Topic {\n};\n}\n"
        tree = house.Tree({**GOOD, "core/one.h": header, "core/two.h": header})
        self.assertIn("Topic is another type in core/one.h", " ".join(map(str, house.repeated_types(tree))))
        self.fine(house.repeated_types, "core/one.h", header.replace("headgate::core", "headgate::core::other"))

    def test_test_names(self):
        self.broken(house.test_names, "tests/core/a_test.cc", "TEST_F(Topic, Matches_all) {}\n")
        self.broken(house.test_names, "tests/core/a_test.cc", "TEST(Topic,\n     DISABLED_Matches) {}\n")

    def test_file_names(self):
        for path in ["hub/Config.cc", "hub/config.cpp", "tests/hub/config-test.cc"]:
            self.broken(house.file_names, path, "")

    def test_headers(self):
        self.broken(house.headers, "core/a.h", HEADER.replace("#pragma once\n", ""))
        self.broken(house.headers, "core/a.h", HEADER.replace("// A header.\n", ""))
        self.broken(house.headers, "core/a.h", HEADER.replace("headgate::core", "headgate::hub"))

    def test_riddles(self):
        text = "// Counts what was dropped.\nint a;\n" + "// Of a queue.\nint b;\n" * (house.RIDDLES_MAX + 1)
        self.assertIn("noun or a verb: Of a queue", self.broken(house.riddles, "hub/a.cc", text))
        self.fine(house.riddles, "hub/a.cc", "// Counts\n// what was dropped.\nint a;  // of a queue\n")

    def test_named_files(self):
        self.fine(house.named_files, "docs/way.md", "`core/topic.h`, `core/topic.*` and `store/state`\n")
        for name in ["core/gone.h", "core/gone.*"]:
            self.assertIn(name, self.broken(house.named_files, "docs/way.md", f"`{name}`\n"))

    def test_walks(self):
        tree = {**GOOD, "hub/a.cc": "void Ingest::publish() {}\n", "hub/a.h": "class Waits {\n  void add(int seq);\n};\n"}
        for line, fine in [("`hub/a.cc`, `Ingest::publish`", True), ("`hub/a.h`, `Waits::add`", True),
                           ("`hub/a.cc`, `Ingest::publish` and `publish`", True), ("`hub/a.cc`, `Ingest::take`", False),
                           ("`hub/gone.cc`, `Ingest::publish`", False), ("`hub/a.cc`, `publish`, `Waits::add`", False)]:
            found = list(house.walks(house.Tree({**tree, "docs/way.md": f"1. first {line}: why\n"})))
            self.assertEqual(found == [], fine, line)

    def test_orphans(self):
        self.assertIn("lists this file", self.broken(house.orphans, "core/lost.cc", ""))
        self.assertIn("not globbed", self.broken(house.orphans, "hub/CMakeLists.txt", "file(GLOB s *.cc)\n"))

    def test_sources_may_be_listed_by_another_folder(self):
        listed = "add_library(headgate_core topic.cc sub/a.cc ../hub/b.cc ${PROJECT_SOURCE_DIR}/hub/c.cc)"
        tree = {**GOOD, "core/CMakeLists.txt": listed, "core/sub/a.cc": "", "hub/b.cc": "", "hub/c.cc": ""}
        self.assertEqual(list(house.orphans(house.Tree(tree))), [])

    def test_unused_headers(self):
        self.broken(house.unused_headers, "core/lost.h", HEADER)

    def test_changelog(self):
        self.broken(house.changelog, "CHANGELOG.md", "# Changelog\n\n## [0.1.0]\n")

    def test_dead_links(self):
        self.broken(house.doc_links, "docs/a.md", "[x](gone.md)\n")
        self.broken(house.doc_links, "README.md", "[x](docs/gone.md#there)\n")
        self.fine(house.doc_links, "docs/a.md", "[x](../core/topic.h) [y](#here) [z](../core)\n")

    def test_guarantees_name_real_tests(self):
        self.broken(house.guarantees, "docs/guarantees.md", "`Topic.Forgets`\n")
        self.broken(house.guarantees, "docs/guarantees.md", "`tests/core/gone_test.cc`\n")
        self.broken(house.guarantees, "docs/guarantees.md", "`tests/core/topic_test.cc::Forgets`\n")

    def test_long_functions(self):
        body = "  ++n;\n" * 70
        self.broken(house.long_functions, "core/a.cc", "void f(int n) {\n" + body + "}\n")
        self.broken(house.long_functions, "core/a.cc", "void f(int n,\n       int m) {\n" + body + "}\n")
        self.fine(house.long_functions, "core/a.cc", "void f(int n) {\n" + body[:400] + "}\n")
        self.fine(house.long_functions, "core/a.cc", "  rule(id) = {\n" + body + "  }\n")
        self.fine(house.long_functions, "core/a.cc", "  return all([](int n) {\n" + body + "  }\n")
        branch = "    case (a):\n    default:\n      if (b) {\n"
        self.fine(house.long_functions, "core/a.cc", branch + body + "      }\n")
        self.fine(house.long_functions, "core/a.cc", "namespace a {  // (x)\n" + body + "}\n")

    def test_reads_a_tree_from_disk_without_build_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for name in ["core/a.cc", "build/dev/x.cc"]:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                (root / name).write_text("int a;\n", encoding="utf-8")
            self.assertEqual(house.Tree.read(root).texts, {"core/a.cc": "int a;\n"})


if __name__ == "__main__":
    unittest.main()
