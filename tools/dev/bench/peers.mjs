// The rules and questions of bench_decide, asked of other policy engines.
//
//     node peers.mjs PACKAGES SECONDS FILE...
//
// PACKAGES is the folder that holds node_modules; FILE is what bench_decide
// writes.  A peer gets the question ready to use and is told whether the
// relation and the consent hold; it says only permit or deny.  Every answer is
// compared with ours: one that differs fails the run.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";

const [packages, seconds, ...files] = process.argv.slice(2);
if (files.length === 0) {
  console.error("usage: node peers.mjs PACKAGES SECONDS FILE...");
  process.exit(2);
}
const require = createRequire(resolve(packages, "package.json"));
const cedar = require("@cedar-policy/cedar-wasm/nodejs");
const casbin = require("casbin");
const SAMPLES_MAX = 1 << 16;

// A date as a number that Cedar can compare: 2026-09-11 is 20260911.
const dayNumber = (date) => Number(date.replaceAll("-", ""));

// ------------------------------------------------------------------ Cedar
// Recipient, purpose and event stand in the scope of a rule, where Cedar finds
// fastest that the rule is about something else; no entities are needed.
const quote = JSON.stringify;

function cedarRule(share) {
  return (
    `permit(principal == Org::${quote(share.to)}, ` +
    `action == Action::${quote(share.purpose)}, ` +
    `resource == Event::${quote(share.event)}) when { context.linked && ` +
    `context.consent && context.day >= ${dayNumber(share.from)} && ` +
    `context.day <= ${dayNumber(share.until)} };`
  );
}

function cedarProhibition(never) {
  const who = never.to ? `principal == Org::${quote(never.to)}` : "principal";
  const why = never.purpose
    ? `action == Action::${quote(never.purpose)}`
    : "action";
  return (
    `forbid(${who}, ${why}, resource) ` +
    `when { context.category == ${quote(never.category)} };`
  );
}

function cedarPeer(name, shares, prohibitions, questions) {
  const policies = {};
  for (const [i, s] of shares.entries()) policies[`r${i}`] = cedarRule(s);
  for (const [i, n] of prohibitions.entries())
    policies[`n${i}`] = cedarProhibition(n);
  const parsed = cedar.preparsePolicySet(name, { staticPolicies: policies });
  if (parsed.type !== "success")
    throw new Error(`cedar: ${JSON.stringify(parsed.errors)}`);
  const calls = questions.map((q) => ({
    principal: { type: "Org", id: q.to },
    action: { type: "Action", id: q.purpose },
    resource: { type: "Event", id: q.event },
    context: {
      linked: q.linked,
      consent: q.consent,
      day: dayNumber(q.day),
      category: q.category,
    },
    preparsedPolicySetId: name,
    validateRequest: false,
    entities: [],
  }));
  return (i) => {
    const answer = cedar.statefulIsAuthorized(calls[i]);
    if (
      answer.type !== "success" ||
      answer.response.diagnostics.errors.length > 0
    )
      throw new Error(`cedar: ${JSON.stringify(answer)}`);
    return answer.response.decision === "allow";
  };
}

// ----------------------------------------------------------------- casbin
// Two enforcers, each of which stops at its first match: prohibitions, then
// rules.  One with both would have to read every rule every time.
const RULES = `
[request_definition]
r = to, purpose, event, day, linked, consent
[policy_definition]
p = to, purpose, event, from, until
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.to == p.to && r.purpose == p.purpose && r.event == p.event && \
r.linked && r.consent && r.day >= p.from && r.day <= p.until
`;
const PROHIBITIONS = `
[request_definition]
r = to, purpose, category
[policy_definition]
p = to, purpose, category, eft
[policy_effect]
e = !some(where (p.eft == deny))
[matchers]
m = r.category == p.category && (p.to == "*" || r.to == p.to) && \
(p.purpose == "*" || r.purpose == p.purpose)
`;

async function casbinPeer(shares, prohibitions, questions) {
  const rules = await casbin.newEnforcer(casbin.newModelFromString(RULES));
  const bans = await casbin.newEnforcer(
    casbin.newModelFromString(PROHIBITIONS),
  );
  // Two rules that say the same are one rule to casbin.
  const lines = new Map();
  for (const s of shares) {
    const line = [s.to, s.purpose, s.event, s.from, s.until];
    lines.set(line.join(), line);
  }
  const banned = new Map();
  for (const n of prohibitions) {
    const line = [n.to ?? "*", n.purpose ?? "*", n.category, "deny"];
    banned.set(line.join(), line);
  }
  if (!(await rules.addPolicies([...lines.values()])))
    throw new Error("casbin took no rules");
  if (!(await bans.addPolicies([...banned.values()])))
    throw new Error("casbin took no prohibitions");
  return (i) => {
    const q = questions[i];
    return (
      bans.enforceSync(q.to, q.purpose, q.category) &&
      rules.enforceSync(q.to, q.purpose, q.event, q.day, q.linked, q.consent)
    );
  };
}

// -------------------------------------------------------------- measuring
const percentile = (sorted, part) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];

// Rate by processor time, p50 and p99 by the clock, as bench_decide does.
function measure(ask, count) {
  const before = process.cpuUsage();
  let done = 0;
  let spent;
  do {
    const until = performance.now() + 20;
    do ask(done++ % count);
    while (performance.now() < until);
    const used = process.cpuUsage(before);
    spent = (used.user + used.system) / 1e6;
  } while (spent < seconds);
  const samples = [];
  const stop = performance.now() + seconds * 1000;
  for (let i = 0; samples.length < SAMPLES_MAX; i++) {
    const start = performance.now();
    ask(i % count);
    const end = performance.now();
    samples.push((end - start) * 1000);
    if (end > stop) break;
  }
  samples.sort((a, b) => a - b);
  return {
    rate: done / spent,
    p50: percentile(samples, 0.5),
    p99: percentile(samples, 0.99),
  };
}

const line = (name, rate, p50, p99, rest) =>
  console.log(
    `  ${name.padEnd(22)}${rate.toFixed(0).padStart(9)} /s   ` +
      `p50 ${p50.toFixed(1).padStart(7)} us  ` +
      `p99 ${p99.toFixed(1).padStart(7)} us   ${rest}`,
  );

// Compares with our answers: all, or as many as ten times SECONDS allow.  Also
// warms up: the first thousands of calls are compiled on the way.
function check(ask, questions) {
  const stop = performance.now() + seconds * 10000;
  let checked = 0;
  let wrong = 0;
  while (checked < questions.length) {
    if (ask(checked) !== questions[checked].permit) wrong++;
    checked++;
    if (checked >= 64 && performance.now() > stop) break;
  }
  return { checked, wrong };
}

let failed = false;
console.log(
  `Beside cedar-wasm ${cedar.getCedarSDKVersion()} and casbin ` +
    `${require("casbin/package.json").version}, on Node ${process.version}`,
);
for (const file of files) {
  const { rules, ours, shares, prohibitions, questions } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  line(`Schakel, ${rules} rules`, ours.rate, ours.p50_us, ours.p99_us, "");
  const peers = {
    cedar: cedarPeer(file, shares, prohibitions, questions),
    casbin: await casbinPeer(shares, prohibitions, questions),
  };
  for (const [name, ask] of Object.entries(peers)) {
    const { checked, wrong } = check(ask, questions);
    const { rate, p50, p99 } = measure(ask, questions.length);
    const times = ours.rate / rate;
    failed ||= wrong > 0;
    line(
      `${name}, ${rules} rules`,
      rate,
      p50,
      p99,
      `Schakel/${name} ${times.toFixed(times < 10 ? 1 : 0)}   ` +
        `wrong: ${wrong} of ${checked}`,
    );
  }
}

// What a call costs that finds almost nothing to decide: JavaScript to
// WebAssembly and back.  The rest of Cedar's time is deciding.
{
  const { shares, questions } = JSON.parse(readFileSync(files[0], "utf8"));
  const ask = cedarPeer("call", shares.slice(0, 1), [], questions);
  for (let i = 0; i < questions.length; i++) ask(i);
  const { rate, p50, p99 } = measure(ask, questions.length);
  line("cedar, 1 rule: a call", rate, p50, p99, "");
}
if (failed) {
  console.error("peers: answers differ from ours");
  process.exit(1);
}
