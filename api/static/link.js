// /link: hands in a code from chat once somebody is logged in and has said yes.
//
// The code stands behind the # of the address, which is never sent anywhere, and is taken out of
// the address bar at once. The tokens live in this page alone and end with it.

const NAMES = { slack: "Slack", discord: "Discord", console: "Terminal" };
const STEPS = ["code", "login", "register", "confirm", "done"];
const $ = (id) => document.getElementById(id);

let code = new URLSearchParams(location.hash.slice(1)).get("code") ?? "";
if (location.hash) history.replaceState(null, "", location.pathname);

let session = null;
let busy = false;

function show(step) {
  for (const each of STEPS) $(each).hidden = each !== step;
  $("problem").hidden = true;
  const first = $(step).querySelector("input") ?? $(step).querySelector("button") ?? $(step);
  first.focus();
}

function tell(sentence) {
  // The API's own words name commands and routes in backticks.
  $("problem").textContent = sentence.replaceAll("`", "");
  $("problem").hidden = false;
}

function end(outcome, next) {
  $("outcome").textContent = outcome;
  $("next").textContent = next;
  show("done");
}

async function post(path, body) {
  const headers = { "Content-Type": "application/json" };
  if (session) headers.Authorization = `Bearer ${session.access_token}`;
  const response = await fetch(path, { method: "POST", headers, body: JSON.stringify(body) });
  const answer = response.status === 204 ? null : await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { status: response.status });
  return answer;
}

// One step at a time: a second press waits for the end of the first.
function on(form, run) {
  $(form).addEventListener("submit", async (event) => {
    event.preventDefault();
    if (busy) return;
    busy = true;
    $(form).setAttribute("aria-busy", "true");
    $("problem").hidden = true;
    try {
      await run(Object.fromEntries(new FormData($(form))));
    } catch (error) {
      tell(error.status ? error.message : "The server cannot be reached. Try again in a moment.");
    } finally {
      busy = false;
      $(form).removeAttribute("aria-busy");
    }
  });
}

async function preview() {
  let found;
  try {
    found = await post("/auth/link/preview", { code });
  } catch (error) {
    if (![400, 403, 404, 409].includes(error.status)) throw error;
    show("code");
    throw error;
  }
  $("platform").textContent = NAMES[found.platform] ?? found.platform;
  $("person").textContent = found.name || "You";
  $("workspace").textContent = found.workspace ? `in ${found.workspace}` : "";
  $("username").textContent = session.user.username;
  $("email").textContent = session.user.email;
  show("confirm");
}

on("code", async (given) => {
  code = given.code.trim();
  if (session) await preview();
  else show("login");
});

for (const form of ["login", "register"]) {
  on(form, async (given) => {
    session = await post(`/auth/${form}`, given);
    if (code) await preview();
    else show("code");
  });
}

on("confirm", async () => {
  const found = await post("/auth/link", { code });
  code = "";
  const where = NAMES[found.platform] ?? found.platform;
  end(
    "Linked.",
    `${where} has told you so too. Go back there: /notion history now shows everything, and ` +
      "/notion unlink parts the two again.",
  );
  // Nobody needs the session any more, so it does not stay open on a shared machine.
  await post("/auth/logout", { refresh_token: session.refresh_token }).catch(() => {});
});

$("decline").addEventListener("click", async () => {
  code = "";
  end("Nothing was joined.", "You can close this page. The code is of no use to anybody else now.");
  await post("/auth/logout", { refresh_token: session.refresh_token }).catch(() => {});
});

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => show(button.dataset.show));
}

show(code ? "login" : "code");
