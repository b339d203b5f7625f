"use strict";
/* Uploads a chosen file right away and shows the progress. The form then contains the file's ticket instead of the file.
   Without this script, the form contains the file itself. */

function showStatus(upload, text, hasFailed = false) {
  upload.querySelector(".upload-status").textContent = text;
  upload.classList.toggle("has-failed", hasFailed);
}

function findParts(upload) {
  return {
    input: upload.querySelector("input[type=file]"),
    ticket: upload.querySelector("input[type=hidden]"),
    bar: upload.querySelector("progress"),
  };
}

function csrfToken(upload) {
  return upload.closest("form").querySelector("[name=csrfmiddlewaretoken]").value;
}

function formatPercent(fraction) {
  return new Intl.NumberFormat(document.documentElement.lang, { style: "percent" }).format(fraction);
}

function showProgress(upload, file, fraction) {
  findParts(upload).bar.value = 100 * fraction;
  const text = upload.dataset.textSending.replace("{percent}", formatPercent(fraction));
  showStatus(upload, text.replace("{name}", () => file.name));
}

async function requestInvitation(upload, file) {
  const body = new FormData();
  body.set("csrfmiddlewaretoken", csrfToken(upload));
  for (const [name, value] of Object.entries({
    title: file.name, size: file.size, declared: file.type, kind: upload.dataset.upload,
  })) body.set(name, value);
  const response = await fetch(upload.dataset.invite, { method: "POST", body });
  return response.json();
}

function sendFile(upload, invitation, file) {
  const body = new FormData();
  for (const [name, value] of Object.entries(invitation.fields)) body.set(name, value);
  if (invitation.ours) body.set("csrfmiddlewaretoken", csrfToken(upload));
  body.set("file", file);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    upload.request = request;
    request.upload.addEventListener("progress", (event) => {
      showProgress(upload, file, event.lengthComputable ? event.loaded / event.total : 0);
    });
    request.addEventListener("load", () => (request.status < 300 ? resolve() : reject(new Error("refused"))));
    request.addEventListener("error", () => reject(new Error("broken")));
    request.addEventListener("abort", () => reject(new Error("stopped")));
    request.open("POST", invitation.url);
    request.send(body);
  });
}

async function uploadFile(upload) {
  const { input, ticket, bar } = findParts(upload);
  const file = input.files[0];
  upload.request?.abort();
  ticket.value = "";
  if (!file) return;
  bar.hidden = false;
  showProgress(upload, file, 0);
  try {
    const invitation = await requestInvitation(upload, file);
    if (input.files[0] !== file) return;
    if (invitation.error) {
      showStatus(upload, invitation.error, true);
      input.value = "";
      return;
    }
    await sendFile(upload, invitation, file);
    ticket.value = invitation.ticket;
    input.value = "";
    input.required = false;
    showStatus(upload, upload.dataset.textUploaded.replace("{name}", () => file.name));
  } catch {
    if (input.files[0] === file) showStatus(upload, upload.dataset.textFailed, true);
  } finally {
    bar.hidden = true;
  }
}

function startUpload(upload) {
  const sending = uploadFile(upload).finally(() => {
    if (upload.sending === sending) upload.sending = null;
  });
  upload.sending = sending;
}

document.addEventListener("change", (event) => {
  const upload = event.target.closest("[data-upload]");
  if (upload && event.target.type === "file") startUpload(upload);
});

// A file may have been chosen before this script was loaded, or kept by the browser when the page was reloaded.
for (const upload of document.querySelectorAll("[data-upload]")) {
  if (findParts(upload).input.files.length) startUpload(upload);
}

// If the button is pressed during an upload, submit the form after the upload.
document.addEventListener("submit", async (event) => {
  const form = event.target;
  const uploads = [...form.querySelectorAll("[data-upload]")].filter((upload) => upload.sending);
  if (!uploads.length) return;
  event.preventDefault();
  if (form.dataset.waits) return;
  form.dataset.waits = "yes";
  const button = event.submitter;
  await Promise.allSettled(uploads.map((upload) => upload.sending));
  delete form.dataset.waits;
  // A form cannot be submitted during its own submit event, which may not be over yet.
  setTimeout(() => form.requestSubmit(button));
}, true);
