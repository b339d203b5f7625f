"use strict";
/* A chosen file is sent at once, with a bar; the form then goes with its ticket. Without this file the form brings it. */

const NOT_SENT = "That did not work. Press the button to send it the plain way.";

function says(upload, text, wrong = false) {
  upload.querySelector(".upload-says").textContent = text;
  upload.classList.toggle("is-wrong", wrong);
}

function parts(upload) {
  return {
    input: upload.querySelector("input[type=file]"),
    ticket: upload.querySelector("input[type=hidden]"),
    bar: upload.querySelector("progress"),
  };
}

async function invited(upload, file) {
  const form = upload.closest("form");
  const announced = new FormData();
  announced.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
  for (const [name, value] of Object.entries({
    title: file.name, size: file.size, declared: file.type, kind: upload.dataset.upload,
  })) announced.set(name, value);
  const answer = await fetch(upload.dataset.invite, { method: "POST", body: announced });
  return answer.json();
}

function send(upload, invitation, file) {
  const { bar } = parts(upload);
  const token = upload.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
  const body = new FormData();
  for (const [name, value] of Object.entries(invitation.fields)) body.set(name, value);
  if (invitation.ours) body.set("csrfmiddlewaretoken", token);
  body.set("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    upload.request = request;
    request.upload.addEventListener("progress", (event) => {
      bar.value = event.lengthComputable ? (100 * event.loaded) / event.total : 0;
      says(upload, `${file.name}: ${Math.round(bar.value)} % sent`);
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new Error("refused"))));
    request.addEventListener("error", () => reject(new Error("broken")));
    request.addEventListener("abort", () => reject(new Error("stopped")));
    request.open("POST", invitation.url);
    request.send(body);
  });
}

async function bring(upload) {
  const { input, ticket, bar } = parts(upload);
  const file = input.files[0];
  upload.request?.abort();
  ticket.value = "";
  if (!file) return;
  bar.hidden = false;
  bar.value = 0;
  says(upload, `${file.name}: 0 % sent`);
  try {
    const invitation = await invited(upload, file);
    if (input.files[0] !== file) return;
    if (invitation.error) {
      says(upload, invitation.error, true);
      input.value = "";
      return;
    }
    await send(upload, invitation, file);
    ticket.value = invitation.ticket;
    input.value = "";
    input.required = false;
    says(upload, `${file.name} is here.`);
  } catch {
    if (input.files[0] === file) says(upload, NOT_SENT, true);
  } finally {
    bar.hidden = true;
  }
}

function start(upload) {
  const sending = bring(upload).finally(() => {
    if (upload.sending === sending) upload.sending = null;
  });
  upload.sending = sending;
}

document.addEventListener("change", (event) => {
  const upload = event.target.closest("[data-upload]");
  if (upload && event.target.type === "file") start(upload);
});

// Chosen before this file was there, or kept by the browser over a reload.
for (const upload of document.querySelectorAll("[data-upload]")) {
  if (parts(upload).input.files.length) start(upload);
}

// Who presses the button while a file is on its way: the form goes when the file has come.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const underWay = [...form.querySelectorAll("[data-upload]")].filter((each) => each.sending);
  if (!underWay.length) return;
  event.preventDefault();
  if (form.dataset.waits) return;
  form.dataset.waits = "yes";
  const button = event.submitter;
  await Promise.allSettled(underWay.map((each) => each.sending));
  delete form.dataset.waits;
  // A form is not sent from within its own submit event, which may not be over yet.
  setTimeout(() => form.requestSubmit(button));
}, true);
