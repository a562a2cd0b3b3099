"""Where a story's bucket is: a folder, or Ceph's radosgw. The same story runs with both:

    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    bucket = kind.open(daemon, "files")      # a pathlib.Path, or a storage.Folder, which can do the same

SALLYPORT_TEST_BUCKETS=storage chooses the latter; run_with_storage() is the whole of such a story.
"""

import os
import pathlib
import runpy

import storage


def at_storage():
    return os.environ.get("SALLYPORT_TEST_BUCKETS") == "storage"


class Directories:
    @staticmethod
    def settings(_name):
        return {}

    @staticmethod
    def open(daemon, name):
        return daemon.bucket(name)


class Storage:
    def __init__(self, gateway):
        self.gateway, self.made = gateway, {}

    def settings(self, name):
        self.made[name] = self.gateway.create(name)
        return self.made[name].settings(name)

    def open(self, _daemon, name):
        return storage.Folder(self.made[name])


def kind_of(story):
    return Storage(story.enter(storage.Radosgw(story.folder / "ceph"))) if at_storage() else Directories()


def run_with_storage(script):
    """The story of that name beside @script, called NAME_storage_test.py."""
    path = pathlib.Path(script)
    os.environ["SALLYPORT_TEST_BUCKETS"] = "storage"
    runpy.run_path(str(path.with_name(path.name.replace("_storage_test", "_test"))), run_name="__main__")
