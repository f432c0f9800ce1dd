// What the reference does beyond being read: the contents of a phone, search, links into cards, "Try it".

/** What a search hides in the text; sections of the guide stay. */
const SEARCHED = ".card, .fields > [id]";

document.documentElement.classList.add("scripted");
openContents();
search();
openTarget();
nameThisServer();
tryCalls();

function openContents() {
  const button = document.querySelector(".contents-button");
  const show = (isOpen) => button.setAttribute("aria-expanded", String(isOpen));
  button.addEventListener("click", () => show(button.getAttribute("aria-expanded") !== "true"));
  document.querySelector("#contents").addEventListener("click", (event) => {
    if (event.target.closest("a")) show(false);
  });
}

function search() {
  const field = document.querySelector(".search");
  const nothing = document.querySelector(".nothing");
  const entries = [...document.querySelectorAll(".contents li")].map((entry) => {
    const target = document.getElementById(entry.dataset.for);
    return { entry, target, text: `${entry.textContent} ${target?.dataset.search ?? ""}`.toLowerCase() };
  });
  field.addEventListener("input", () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { entry, target, text } of entries) {
      const isMatch = words.every((word) => text.includes(word));
      entry.hidden = !isMatch;
      if (target?.matches(SEARCHED)) target.hidden = !isMatch;
      if (isMatch) found++;
    }
    hideEmpty(".group", "li");
    hideEmpty("main section", SEARCHED);
    nothing.hidden = found > 0;
  });
}

/** Leaves out groups whose items are all left out. */
function hideEmpty(group, item) {
  for (const element of document.querySelectorAll(group)) {
    const items = [...element.querySelectorAll(item)];
    element.hidden = items.length > 0 && items.every((one) => one.hidden);
  }
}

/** A link to a closed card opens it, from within the page and from outside. */
function openTarget() {
  const open = () => {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!(target instanceof HTMLDetailsElement)) return;
    target.hidden = false;
    target.open = true;
    target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  document.addEventListener("click", (event) => {
    // The same link again changes no hash.
    if (event.target.closest?.("a")?.hash === location.hash && location.hash !== "") open();
  });
  open();
}

/** The examples speak of the server that the reader has in front of them. */
function nameThisServer() {
  const standard = "http://localhost:8080";
  if (location.origin === standard) return;
  for (const code of document.querySelectorAll("code")) {
    for (const node of code.childNodes) {
      if (node.nodeType === Node.TEXT_NODE && node.data.includes(standard)) {
        node.data = node.data.replaceAll(standard, location.origin);
      }
    }
  }
}

function tryCalls() {
  const token = document.querySelector("#token");
  if (token === null) return;
  token.form.hidden = false;
  token.form.addEventListener("submit", (event) => event.preventDefault());
  token.value = sessionStorage.getItem("parley-token") ?? "";
  token.addEventListener("input", () => sessionStorage.setItem("parley-token", token.value.trim()));
  for (const form of document.querySelectorAll("form.try")) {
    form.hidden = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      void send(form, token.value.trim());
    });
    form.addEventListener("change", ({ target }) => {
      if (target.name) fillElsewhere(target);
    });
  }
}

/** A chat's id is typed once: it goes into the empty fields of the same name. */
function fillElsewhere({ name, value }) {
  for (const field of document.querySelectorAll(`form.try input[name="${name}"][data-in="path"]`)) {
    if (field.value === "") field.value = value;
  }
}

async function send(form, token) {
  const button = form.querySelector("button");
  const summary = form.querySelector("output");
  const answer = form.querySelector(".try-answer");
  button.disabled = true;
  summary.textContent = "…";
  const started = performance.now();
  try {
    const response = await fetch(urlOf(form), requestOf(form, token));
    const text = await response.text();
    summary.textContent = `${response.status} in ${Math.round(performance.now() - started)} ms`;
    answer.textContent = pretty(text);
    answer.hidden = text === "";
  } catch (error) {
    summary.textContent = `no answer: ${error.message}`;
    answer.hidden = true;
  } finally {
    button.disabled = false;
  }
}

function urlOf(form) {
  const url = new URL(location.origin);
  let path = form.dataset.path;
  for (const { name, value, dataset } of form.querySelectorAll("input")) {
    if (dataset.in === "path") path = path.replace(`{${name}}`, encodeURIComponent(value));
    else if (value !== "") url.searchParams.set(name, value);
  }
  url.pathname = path;
  return url;
}

function requestOf(form, token) {
  const body = form.querySelector("textarea")?.value;
  const headers = new Headers();
  if (token !== "") headers.set("Authorization", `Bearer ${token}`);
  if (body !== undefined) headers.set("Content-Type", "application/json");
  return { method: form.dataset.method.toUpperCase(), headers, body, credentials: "omit", cache: "no-store" };
}

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
