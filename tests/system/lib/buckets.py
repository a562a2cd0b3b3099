"""Where a story's bucket is: a folder, Ceph's radosgw, OpenStack Swift, or the bucket door of another sallyportd. The same
story runs with all:

    kind = buckets.kind_of(story)
    daemon = story.enter(harness.Daemon(story.folder / "state", {**SETTINGS, **kind.settings("files")}))
    bucket = kind.open(daemon, "files")      # a pathlib.Path, or a storage.Folder, which can do the same

SALLYPORT_TEST_BUCKETS=storage, =swift or =door chooses one of the latter; run_with_storage() is the whole of such a story.
"""

import os
import pathlib
import runpy

import harness
import storage
import swift

CHOSEN = "SALLYPORT_TEST_BUCKETS"


def at_storage():
    """Also at a door: what can be done is what S3 can do."""
    return os.environ.get(CHOSEN) in ("storage", "swift", "door")


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
    chosen = os.environ.get(CHOSEN)
    if chosen == "storage":
        return Storage(story.enter(storage.Radosgw(story.folder / "ceph")))
    if chosen == "swift":
        return Storage(story.enter(swift.Swift(story.folder / "swift")))
    if chosen == "door":
        return Storage(story.enter(storage.Door(harness.Daemon(story.folder / "door"))))
    return Directories()


class Watch:
    """What appears in folders of partners and of buckets: events() and faults() as harness.Watch has them."""

    def __init__(self, *folders):
        local = [folder for folder in folders if isinstance(folder, pathlib.Path)]
        remote = [folder for folder in folders if not isinstance(folder, pathlib.Path)]
        self.watches = ([harness.Watch(*local)] if local else []) + ([storage.Watch(*remote)] if remote else [])

    def __enter__(self):
        for watch in self.watches:
            watch.__enter__()
        return self

    def __exit__(self, *error):
        for watch in self.watches:
            watch.__exit__(*error)

    def look(self):
        """What is there by now has been seen."""
        for watch in self.watches:
            watch.look()

    def finish(self):
        for watch in self.watches:
            watch.finish()

    def events(self):
        return [event for watch in self.watches for event in watch.events()]

    def faults(self, sizes):
        return harness.faults_of(self.events(), sizes)


def run_with_storage(script, chosen="storage"):
    """The story of that name beside @script, called NAME_storage_test.py, or NAME_swift_test.py."""
    path = pathlib.Path(script)
    os.environ[CHOSEN] = chosen
    runpy.run_path(str(path.with_name(path.name.replace(f"_{chosen}_test", "_test"))), run_name="__main__")
