// Sends CDEvents with the JavaScript SDK of CloudEvents, as a program that uses it would.
//   node cloudevents_client.mjs MODULES URL MODE < events.json
// MODULES  a folder with node_modules/cloudevents   MODE  binary, structured or batch
// stdin    [{"attributes": {…of the CloudEvent…}, "data": {…the CDEvent…}}, …]
// stdout   [{"status": 202, "body": "…"}, …]: one for each request
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";

const [modules, url, mode] = process.argv.slice(2);
const { CloudEvent, HTTP } = createRequire(`${modules}/package.json`)("cloudevents");

const events = JSON.parse(readFileSync(0, "utf8")).map(
  ({ attributes, data }) => new CloudEvent({ ...attributes, data }),
);
const answers = [];

async function post({ headers, body }) {
  const answer = await fetch(url, { method: "POST", headers, body });
  answers.push({ status: answer.status, body: await answer.text() });
}

if (mode === "batch") {
  // The SDK reads batches but has no call that writes them: the format is an array of its structured events.
  const each = events.map((event) => HTTP.structured(event).body);
  await post({ headers: { "content-type": "application/cloudevents-batch+json" }, body: `[${each.join(",")}]` });
} else {
  for (const event of events) await post(mode === "binary" ? HTTP.binary(event) : HTTP.structured(event));
}
process.stdout.write(JSON.stringify(answers));
