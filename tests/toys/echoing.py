"""A program that answers lines of JSON, for tests of who asks one: it says back, sleeps, ends or begins others."""

import json
import subprocess
import sys
import time

for line in sys.stdin:
    command = json.loads(line)
    match command.get("do"):
        case "sleep":
            time.sleep(command["seconds"])
        case "end":
            print("the last word", file=sys.stderr)
            sys.exit(3)
        case "child":
            started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
            print(json.dumps({"pid": started.pid}), flush=True)
            continue
        case "start" if command["settings"].get("wrong"):
            print(json.dumps({"error": "wrong=1; expected none"}), flush=True)
            continue
        case "large":
            print(json.dumps("x" * command["size"]), flush=True)
            continue
    print(json.dumps({"said": command, "name": sys.argv[1:]}), flush=True)
