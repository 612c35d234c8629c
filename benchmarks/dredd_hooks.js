// Hooks for dredd: before each transaction, a subject in the state that its status is about.
//
// Written for CommonJS, as dredd loads them. Needs STATE_CHANGE_URL and BASE_URL.

const hooks = require("hooks");

const BASE = process.env.BASE_URL;

async function setUp(state) {
  const answer = await fetch(process.env.STATE_CHANGE_URL, {
    method: "POST",
    body: JSON.stringify({ action: "setup", state, params: { files: true } }),
  });
  return answer.json();
}

function authorization(job) {
  return "Basic " + Buffer.from(`job-${job.job_id}:${job.job_key}`).toString("base64");
}

async function send(method, job, body) {
  await fetch(`${BASE}/api/analyses/${job.analysis_id}`, {
    method,
    headers: { Authorization: authorization(job), "Content-Type": "application/json" },
    body,
  });
}

hooks.beforeEach(async (transaction, done) => {
  const owner = await setUp("a pending analysis");
  const status = transaction.expected.statusCode;
  let sender = owner;
  if (status === "403") sender = await setUp("a pending analysis");
  if (status === "404") await send("DELETE", owner);
  if (status === "409") await send("PATCH", owner, '{"results": {"foo": "bar"}}');
  if (status === "400" || status === "422") transaction.request.body = '{"results": null}';
  transaction.fullPath = `/api/analyses/${owner.analysis_id}`;
  if (status === "401") delete transaction.request.headers.Authorization;
  else transaction.request.headers.Authorization = authorization(sender);
  transaction.skip = /X/i.test(status); // a range of statuses is not one that it can expect
  done();
});
