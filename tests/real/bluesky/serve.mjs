// A real Bluesky server (PDS) and the directory of identities it needs (PLC), on 127.0.0.1.
//
//   node serve.mjs [--pds-port N] [--plc-port N] [--rate-limits] [--stop-with-stdin]
//                  [--answer-late MS]
//
// A port of 0, the default, takes a free one. Once both answer, one line of JSON tells where:
// {"plc_url": "http://localhost:…", "pds_url": "http://localhost:…"}. SIGTERM or SIGINT stops both
// and deletes what they stored; with --stop-with-stdin so does the end of standard input: a starter
// that holds the other end of a pipe and is killed leaves nothing running. With --answer-late every
// record is written as fast as ever, but the answer that says so leaves that much later: time to
// kill whoever waits for it. Accounts are made over the server's own XRPC,
// com.atproto.server.createAccount.
import "./loopback.mjs";

import { mkdtempSync, rmSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";

const { values: options } = parseArgs({
  options: {
    "pds-port": { type: "string", default: "0" },
    "plc-port": { type: "string", default: "0" },
    "rate-limits": { type: "boolean", default: false },
    "stop-with-stdin": { type: "boolean", default: false },
    "answer-late": { type: "string", default: "0" },
  },
});

const late = Number(options["answer-late"]);
if (late) {
  const end = http.ServerResponse.prototype.end;
  http.ServerResponse.prototype.end = function endLate(...args) {
    const isWritten = this.statusCode === 200 && /com\.atproto\.repo\.putRecord/.test(this.req.url);
    if (!isWritten) {
      return end.apply(this, args);
    }
    setTimeout(() => end.apply(this, args), late);
    return this;
  };
}

// TestPds puts its databases and blobs under os.tmpdir(): given a folder of its own, one deletion
// removes them all.
const data = mkdtempSync(path.join(os.tmpdir(), "bluesky-"));
process.env.TMPDIR = data;
process.on("exit", () => rmSync(data, { recursive: true, force: true }));

const { TestPds, TestPlc } = await import("@atproto/dev-env");

// A port that is not given must be absent: TestPds would hand a 0 on to its server, but tell
// another port in its address.
const portOption = (name) => (Number(options[name]) ? { port: Number(options[name]) } : {});

const plc = await TestPlc.create(portOption("plc-port"));
const pds = await TestPds.create({
  ...portOption("pds-port"),
  didPlcUrl: plc.url,
  rateLimitsEnabled: options["rate-limits"],
});

let stopping = false;

async function stop() {
  if (stopping) {
    return;
  }
  stopping = true;
  try {
    await pds.close();
    await plc.close();
  } finally {
    process.exit(0);
  }
}

process.on("SIGTERM", stop);
process.on("SIGINT", stop);
if (options["stop-with-stdin"]) {
  process.stdin.on("end", stop).resume();
}

console.log(JSON.stringify({ plc_url: plc.url, pds_url: pds.url }));
