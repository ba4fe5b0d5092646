"""The version of the packages, of npm and here alike; the bundle has its own."""

VERSION = '0.1.0'
