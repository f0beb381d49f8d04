// /connect: shows whose connection a code from chat makes, and goes on to Notion on a yes.
//
// The code stands behind the # of the address, which is never sent anywhere, and is taken out of
// the address bar at once.

const NAMES = { slack: "Slack", discord: "Discord", console: "Terminal" };
const STEPS = ["code", "confirm", "done"];
const $ = (id) => document.getElementById(id);

let code = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
if (location.hash) history.replaceState(null, "", location.pathname);

let busy = false;

function show(step) {
  for (const each of STEPS) $(each).hidden = each !== step;
  $("problem").hidden = true;
  const first = $(step).querySelector("input") ?? $(step).querySelector("button") ?? $(step);
  first.focus();
}

function tell(sentence) {
  // The API's own words name commands in backticks.
  $("problem").textContent = sentence.replaceAll("`", "");
  $("problem").hidden = false;
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status });
  return answer;
}

async function guarded(run) {
  if (busy) return;
  busy = true;
  try {
    await run();
  } catch (error) {
    tell(error.status ? error.message : "The server cannot be reached. Try again in a moment.");
  } finally {
    busy = false;
  }
}

async function preview() {
  let found;
  try {
    found = await post("/notion/connect/preview", { code });
  } catch (error) {
    show("code");
    throw error;
  }
  $("platform").textContent = NAMES[found.platform] ?? found.platform;
  $("person").textContent = found.name || "You";
  $("workspace").textContent = found.workspace ? `in ${found.workspace}` : "";
  $("shared").hidden = !found.shared;
  $("before").hidden = !found.before;
  $("before").textContent = found.before ? `It takes the place of ${found.before}.` : "";
  show("confirm");
}

$("code").addEventListener("submit", (event) => {
  event.preventDefault();
  code = new FormData($("code")).get("code").trim();
  guarded(preview);
});

$("confirm").addEventListener("submit", (event) => {
  event.preventDefault();
  guarded(async () => {
    const { url } = await post("/notion/connect", { code });
    location.assign(url);
  });
});

$("decline").addEventListener("click", () => {
  code = "";
  $("outcome").textContent = "Nothing was connected.";
  $("next").textContent = "You can close this page. The link is of no use to anybody else now.";
  show("done");
});

if (code) guarded(preview);
else show("code");
