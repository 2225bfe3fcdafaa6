# SPDX-License-Identifier: Apache-2.0
"""What a bench.toml may say."""

from pathlib import Path

import pytest

from instruments.agent.settings import Flow, SettingsRefused, read_key, read_settings
from instruments.scanners import ScannerModel

TOP = 'server = "https://lims.example"\nkey_file = "bench.key"\njournal = "bench.journal"\n'
STATION = '[[station]]\ncode = "T346790RK"\nscanner = "/dev/ttyACM0"\n'


@pytest.fixture
def read(tmp_path):
    def reading(text):
        path = tmp_path / "bench.toml"
        path.write_text(text, "utf-8")
        return read_settings(path)

    return reading


def test_all_settings_are_read(read, tmp_path):
    settings = read(
        'server = "https://lims.example/"\nca = "ca.pem"\nkey_file = "bench.key"\n'
        'journal = "/var/lib/bench/journal"\n'
        '[[station]]\ncode = "T346790RK"\nscanner = "/dev/a"\nscanner_model = "ssi"\n'
        'scanner_baud = 115200\nprinter = "/dev/b"\nprinter_model = "zebra"\n'
        'printer_baud = 57600\nprinter_flow = "rtscts"\ndpi = 203\n'
    )

    assert settings.server == "https://lims.example"
    assert settings.authority == tmp_path / "ca.pem"
    assert settings.journal == Path("/var/lib/bench/journal")
    (station,) = settings.stations
    assert station.key_file == tmp_path / "bench.key"
    assert station.scanner is not None
    assert (station.scanner.model, station.scanner.baud) == (ScannerModel.SSI, 115200)
    assert station.printer is not None
    assert (station.printer.dpi, station.printer.flow) == (203, Flow.RTSCTS)


def test_a_station_may_have_no_printer(read):
    (station,) = read(TOP + STATION).stations

    assert station.printer is None
    assert station.scanner is not None
    assert station.scanner.model is ScannerModel.PLAIN


@pytest.mark.parametrize(
    ("text", "reason", "keys"),
    [
        (TOP + "colour = 1\nsize = 2\n" + STATION, "unknown-setting", ("colour", "size")),
        (TOP + STATION + "speed = 9600\n", "unknown-setting", ("speed",)),
        (STATION, "missing-setting", ("server",)),
        (TOP, "no-station", ("station",)),
        (TOP + STATION + 'scanner_model = "acme"\n', "bad-value", ("scanner_model",)),
        (TOP + STATION + 'printer = "/dev/b"\ndpi = 301\n', "bad-value", ("dpi",)),
        (TOP + STATION + "scanner_baud = true\n", "bad-value", ("scanner_baud",)),
        (TOP + STATION + STATION, "given-twice", ("code T346790RK",)),
        (TOP + STATION + 'printer = "/dev/ttyACM0"\n', "given-twice", ("port /dev/ttyACM0",)),
        (TOP.replace("https://lims.example", "lims"), "bad-address", ("server",)),
        (TOP.replace("https", "http") + STATION, "address-without-tls", ("server",)),
        ("station = 3\n" + TOP, "bad-value", ("station",)),
    ],
)
def test_a_wrong_setting_is_refused_by_name(read, text, reason, keys):
    with pytest.raises(SettingsRefused) as caught:
        read(text)

    assert caught.value.reason == reason
    assert caught.value.keys == keys


def test_text_that_is_not_toml_is_refused_with_its_place(read):
    with pytest.raises(SettingsRefused, match="line 1") as caught:
        read("server: https")

    assert caught.value.reason == "settings-not-toml"


def test_this_machine_may_be_spoken_to_without_tls(read):
    assert read(TOP.replace("https://lims.example", "http://127.0.0.1:8080") + STATION)


def test_an_authority_that_cannot_be_read_is_refused(read, tmp_path):
    settings = read('ca = "ca.pem"\n' + TOP + STATION)
    with pytest.raises(SettingsRefused, match="authority-unreadable"):
        settings.trust()

    (tmp_path / "ca.pem").write_text("not a certificate", "ascii")
    with pytest.raises(SettingsRefused, match="authority-unreadable"):
        settings.trust()


def test_a_missing_or_empty_key_is_refused(read, tmp_path):
    (station,) = read(TOP + STATION).stations
    key_file = station.key_file
    with pytest.raises(SettingsRefused):
        read_key(key_file)

    (tmp_path / "bench.key").write_text("\n", "ascii")
    with pytest.raises(SettingsRefused):
        read_key(key_file)

    (tmp_path / "bench.key").write_text("secret\n", "ascii")
    assert read_key(key_file) == "secret"


def test_stations_may_have_keys_of_their_own(read, tmp_path):
    second = '[[station]]\ncode = "T34679CDF"\nkey_file = "other.key"\nscanner = "/dev/b"\n'

    settings = read(TOP + STATION + second)

    assert [station.key_file.name for station in settings.stations] == ["bench.key", "other.key"]


def test_a_rack_scanner_stands_at_a_station_of_the_file_with_a_port_of_its_own(read):
    rack = '[[racks]]\nstation = "T346790RK"\nport = "socket://rack.example:2000"\n'

    (one,) = read(TOP + STATION + rack).racks

    assert (one.station, one.port, one.baud) == ("T346790RK", "socket://rack.example:2000", 9600)
    for wrong, reason in (
        (rack + rack, "given-twice"),
        (rack.replace("socket://rack.example:2000", "/dev/ttyACM0"), "given-twice"),
        (rack.replace("T346790RK", "T999999XX"), "no-station"),
        (rack + "silence = 1\n", "unknown-setting"),
    ):
        with pytest.raises(SettingsRefused) as refused:
            read(TOP + STATION + wrong)
        assert refused.value.reason == reason
