// A provider as a command, in JavaScript (Node 22.13 or newer):
//     --state-change-command "node command_provider.mjs DATABASE"
// For throw-away databases only; never run it against one in production.

import { createHash, randomBytes, randomInt } from "node:crypto";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

// Every row made here belongs to this user; teardown deletes rows of no other user.
const OWNER = "contract-suite";

console.log = console.error; // a line of log must not end up among the answers

const file = new URL("?mode=rw", pathToFileURL(process.argv[2])); // it must exist
const database = new DatabaseSync(file, { timeout: 10_000 });
database.exec("PRAGMA synchronous = OFF"); // no waiting for the disk: it is thrown away

const run = (sql, ...values) => database.prepare(sql).run(...values);

const newId = () =>
  Array.from({ length: 8 }, () => "abcdefghijklmnopqrstuvwxyz"[randomInt(26)]).join("");

function addAnalysis({ files, sample_of = null }) {
  const id = newId();
  const now = new Date().toISOString();
  const job = addJob({ analysis_id: id });
  run(
    `INSERT INTO analyses (id, created_at, workflow, sample_id, index_id, user_id, ready)
     VALUES (?, ?, 'pathoscope_bowtie', ?, 'qldihken', ?, 0)`,
    id, now, sampleOf(sample_of) ?? addSample(), OWNER,
  );
  run("INSERT INTO analysis_subtractions VALUES (?, 'yhxoynb0')", id);
  if (files) {
    run(
      `INSERT INTO analysis_files (analysis_id, name, format, size, uploaded_at)
       VALUES (?, 'results.fa', 'fasta', 20466, ?)`,
      id, now,
    );
  }
  return { analysis_id: id, ...job };
}

// The server keeps a hash of the key, the suite gets the key.
function addJob({ analysis_id = null }) {
  const id = newId();
  const key = randomBytes(16).toString("hex");
  const hash = createHash("sha256").update(key).digest("hex");
  run("INSERT OR IGNORE INTO users (id) VALUES (?)", OWNER);
  run(
    "INSERT INTO jobs (id, analysis_id, key_hash, user_id) VALUES (?, ?, ?, ?)",
    id, analysis_id, hash, OWNER,
  );
  return { job_id: id, job_key: key };
}

function addSample() {
  const id = newId();
  run("INSERT INTO samples (id, name, user_id) VALUES (?, ?, ?)", id, `Sample ${id}`, OWNER);
  return id;
}

function sampleOf(analysisId) {
  const query = "SELECT sample_id FROM analyses WHERE id = ? AND user_id = ?";
  return database.prepare(query).get(analysisId, OWNER)?.sample_id;
}

// The suite may have removed the analysis already.
function removeAnalysis({ analysis_id }) {
  run("DELETE FROM analyses WHERE id = ? AND user_id = ?", analysis_id, OWNER);
  run("DELETE FROM jobs WHERE analysis_id = ? AND user_id = ?", analysis_id, OWNER);
  run(
    "DELETE FROM samples WHERE user_id = ? AND id NOT IN (SELECT sample_id FROM analyses)",
    OWNER,
  );
  return {};
}

function removeJob({ job_id }) {
  run("DELETE FROM jobs WHERE id = ? AND user_id = ?", job_id, OWNER);
  return {};
}

const CHANGES = new Map([
  ["setup a pending analysis", addAnalysis],
  ["teardown a pending analysis", removeAnalysis],
  ["setup a job that runs no analysis", addJob],
  ["teardown a job that runs no analysis", removeJob],
]);

function answer(line) {
  const { action, state, params = {} } = JSON.parse(line);
  const change = CHANGES.get(`${action} ${state}`);
  if (!change) return { error: "unknown state" };
  run("BEGIN IMMEDIATE");
  try {
    const answered = change(params);
    run("COMMIT");
    return answered;
  } catch (error) {
    run("ROLLBACK");
    throw error;
  }
}

// One line in, one line out, until the suite closes the input.
for await (const line of createInterface({ input: process.stdin })) {
  let answered;
  try {
    answered = answer(line);
  } catch (error) {
    answered = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answered)}\n`);
}
