"use strict";
// A phone whose hub is killed: it goes on at the other one by itself.
//   node class-hubs.js PHONE-URL TEACHER-URL PID
const { launch } = require("./pages");

const [url, teach, pid] = process.argv.slice(2);

(async () => {
  const browser = await launch();
  const seen = { complaints: [] };
  const open = async (address) => {
    const page = await (await browser.newContext({ viewport: { width: 360, height: 740 } })).newPage();
    page.setDefaultTimeout(60000);
    page.on("console", (message) => /Content Security Policy/.test(message.text()) && seen.complaints.push(message.text()));
    await page.goto(address);
    return page;
  };
  const teacher = await open(teach);
  const phone = await open(`${url}/#tulip-7`);
  const state = (wanted) => phone.waitForFunction((w) => document.querySelector("#state").textContent === w, wanted);
  const press = async (label) => {
    await teacher.waitForFunction((w) => document.querySelector("#button0")?.textContent === w, label);
    await teacher.click("#button0");
  };
  const note = () => phone.evaluate(() => document.querySelector(".note").textContent);
  const place = () => phone.evaluate(() => document.querySelector("#place").textContent);
  const vote = async (n) => {
    await phone.click(`.choice >> nth=${n}`);
    await phone.click("text=\"I'm sure\"");
    await phone.waitForFunction(() => document.querySelector(".note").textContent.startsWith("Your answer is in"));
  };
  await state("connected");
  for (const label of ["Begin", "Next slide", "Ask: let them vote"]) await press(label);
  await vote(0);
  seen.before = await place();
  process.kill(Number(pid), "SIGKILL");
  await state("the host is lost; trying again");
  await state("connected");
  seen.after = await place();
  await vote(1);
  seen.note = await note();
  await teacher.waitForFunction(() => document.querySelector(".tally").textContent.startsWith("1 of 1 answered"));
  console.log(JSON.stringify(seen));
  await browser.close();
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
