// A rig for a test: `python -m vitalrig.testing serve`, which tells where it is in one line of JSON.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

// PYTHON is the interpreter that has vitalrig[testing].
export async function startRig(...options) {
  const command = ["-m", "vitalrig.testing", "serve", ...options];
  const rig = spawn(process.env.PYTHON ?? "python3", command, { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(rig, "close");
  const line = await new Promise((resolve, reject) => {
    createInterface({ input: rig.stdout }).once("line", resolve);
    // Why it is not ready stands on standard error, which is this program's.
    ended.then(([status]) => reject(new Error(`serve ended with status ${status}`)), reject);
  });
  return {
    ...JSON.parse(line), // redis, physiology_server, exporter, prefix and more
    async stop() {
      rig.stdin.end(); // it ends with its standard input, also when this program is killed
      const [status] = await ended;
      return status;
    },
  };
}
