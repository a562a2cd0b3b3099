"""What run.py knows of the stories before it starts them: which take long and begin first, which run alone."""

LISTED_FROM_SECONDS = 20
UNLISTED_SECONDS = 10

# Of those that take LISTED_FROM_SECONDS and more: seconds with the others beside them, on two cores. ./dev test tells the
# slowest ten, with what stands here.
SECONDS = {
    "cli": 40,
    "access": 90,
    "terraform": 100, "ansible": 95, "peers": 90, "appliance": 70, "hostile": 70, "crash": 65, "directory": 45, "faults": 60, "netd_routes": 60, "resume": 50,
    "known_address": 50, "worker_deaths": 45, "private_egress": 43, "crowd": 40, "private_connectors": 32, "worker": 31, "stripes": 30,
    "routes_race": 27, "chaos": 26, "ec2": 25, "failures": 25, "ec2_routing": 23, "flow_log": 23, "lattice": 23, "netd": 20, "native": 40, "native_trouble": 30,
    "storage": 40, "storage_faults": 65, "late_put": 35, "resume_storage": 80, "sizes_and_names_storage": 45, "console": 75,
    "storage_hosts": 30, "listings_storage": 25, "file_limits_storage": 32, "faults_storage": 60, "worker_deaths_storage": 45,
    "crash_storage": 45, "storage_kills": 50, "storage_door": 35, "storage_silence": 30, "publishing_storage": 35, "sizes_and_names_swift": 35,
    "private_failures": 20, "bucket_test": 35, "routes": 20, "events_webhook": 45, "events_kill": 27, "bucket_clients": 25, "conformance": 30,
}

# Those that cannot have others beside them, and why.
ALONE = {
}


def name_of(script):
    return script.stem.removesuffix("_test")


def expected_seconds(script):
    return SECONDS.get(name_of(script), UNLISTED_SECONDS)


def in_turn(scripts):
    """(those that run side by side, the longest first; those that then run one by one)"""
    ordered = sorted(scripts, key=lambda script: (-expected_seconds(script), script.name))
    return ([script for script in ordered if name_of(script) not in ALONE],
            [script for script in ordered if name_of(script) in ALONE])
