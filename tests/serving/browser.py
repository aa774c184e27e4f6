"""A headless Chromium that tests can drive: W3C WebDriver's few calls to chromedriver, by HTTP."""

import base64
import contextlib
import shutil
import subprocess
import time

import httpx


def chromium():
    """The paths of a Chromium and of its driver; None where one of them is not installed."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    browser, driver = next(filter(None, map(shutil.which, names)), None), shutil.which("chromedriver")
    return (browser, driver) if browser and driver else None


class Browser:
    """A session of the driver at `address`."""

    def __init__(self, address, browser, *flags):
        self._http = httpx.Client(timeout=60)
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", *flags]
        made = self._http.post(f"{address}/session", json={"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"binary": browser, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"}}}}).json()["value"]
        assert "sessionId" in made, made
        self._session = f"{address}/session/{made['sessionId']}"

    def post(self, path, **body):
        done = self._http.post(f"{self._session}/{path}", json=body)
        assert done.status_code == 200, done.text
        return done.json()["value"]

    def open(self, url):
        self.post("url", url=url)

    def run(self, script):
        """The value of a script's `return`."""
        return self.post("execute/sync", script=script, args=[])

    def until(self, script, seconds=30):
        """The value of a script as soon as it is true."""
        end = time.monotonic() + seconds
        while not (value := self.run(script)):
            assert time.monotonic() < end, f"never true: {script}"
            time.sleep(0.1)
        return value

    def element(self, selector):
        """The path of an element."""
        return f"element/{next(iter(self.post('element', using='css selector', value=selector).values()))}"

    def click(self, selector):
        self.post(f"{self.element(selector)}/click")

    def give_file(self, selector, path):
        self.post(f"{self.element(selector)}/value", text=str(path))

    def messages(self):
        """What the page wrote to its console."""
        return self.post("se/log", type="browser")

    def picture(self, path):
        value = self._http.get(f"{self._session}/screenshot").json()["value"]
        path.write_bytes(base64.b64decode(value))

    def close(self):
        self._http.delete(self._session)
        self._http.close()


@contextlib.contextmanager
def driven(browser, driver, *flags):
    """A `Browser` and the driver behind it."""
    process = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        line = next(line for line in process.stdout if "started successfully on port" in line)
        session = Browser(f"http://127.0.0.1:{line.split()[-1].rstrip('.')}", browser, *flags)
        try:
            yield session
        finally:
            session.close()
    finally:
        process.terminate()
        process.wait()
