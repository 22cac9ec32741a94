"""Contexts: limits, seed, threads, callbacks. Whoever names none has one for each thread."""
from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from typing import Any, Callable, Optional

from . import _abi
from ._library import Handle, lib, text_or_none
from .errors import ArgumentError, OutOfMemory, error_of

Progress = Callable[[str, int, int], Any]
Log = Callable[[int, str], Any]

LOG_LEVELS = {"error": 1, "warning": 2, "info": 3}


class Context(Handle):
    """What calls share.

    Context(threads=4, seed=1, memory_limit="512MB", time_limit=10, progress=report, log=note, log_level="info")

    The options are those that the library describes for "context". progress(stage, done, total) is called a few times
    a second, total 0 while unknown; what it raises cancels the call and comes out of it. log(level, message) takes
    messages. Used as `with Context(...):` it serves all calls of this thread within; or give it as `context=`. Threads
    that share one wait for each other.
    """

    __slots__ = ("_lock", "_user", "_raised", "_progress", "_log", "_progress_entry", "_log_entry", "_on_progress",
                 "_on_log")
    _free_name = "cm_context_free"

    def __init__(self, *, progress: "Optional[Progress]" = None, log: "Optional[Log]" = None, log_level: str = "warning",
                 **options: Any) -> None:
        pointer = ctypes.c_void_p()
        if lib.cm_context_new(None, ctypes.byref(pointer)):
            raise OutOfMemory("no memory for a context", -1)
        super().__init__(pointer.value)
        self._lock = threading.Lock()
        self._user = 0
        self._raised: "Optional[BaseException]" = None
        self._progress, self._log = progress, log
        # ctypes drops a callback that nothing refers to, so they live as long as the context.
        self._progress_entry, self._log_entry = _progress_through(self), _log_through(self)
        self._on_progress = _abi.ProgressFunction(self._progress_entry)
        self._on_log = _abi.LogFunction(self._log_entry)
        if log_level not in LOG_LEVELS:
            raise ArgumentError(f"log_level is one of {', '.join(LOG_LEVELS)}, not {log_level}", -2)
        self.call(lib.cm_context_on_progress, self._on_progress, None)
        if log is not None:
            self.call(lib.cm_context_on_log, LOG_LEVELS[log_level], self._on_log, None)
        if options:
            self.configure(**options)

    def configure(self, **options: Any) -> None:
        """Sets options of the context; those not named go back to their default."""
        from .options import make_options

        self.call(lib.cm_context_configure, make_options(self, "context", options))

    def call(self, function: Any, *arguments: Any) -> None:
        """Calls a function that takes a context and gives a status; raises what went wrong."""
        me = threading.get_ident()
        if self._user == me:
            raise ArgumentError("a callback cannot use the context that calls it", -2)
        with self._lock:
            self._user = me
            try:
                with _Interrupts(self):
                    status = function(self._pointer, *arguments)
                raised, self._raised = self._raised, None
                if raised is not None:
                    raise raised
                if status:
                    raise error_of(self._pointer, status)
            finally:
                self._user = 0

    def make(self, function: Any, *arguments: Any) -> int:
        """The same for a function whose last argument is where it puts a new object: the object."""
        out = ctypes.c_void_p()
        self.call(function, *arguments, ctypes.byref(out))
        return out.value or 0

    def cancel(self) -> None:
        """Stops the running call, or else the next; any thread may ask."""
        lib.cm_context_cancel(self._pointer)

    @property
    def peak_memory(self) -> int:
        """Bytes of the library's own memory at the peak of the last call."""
        return lib.cm_context_peak_memory(self._pointer)

    def __enter__(self) -> "Context":
        _stack().append(self)
        return self

    def __exit__(self, *_: Any) -> None:
        _stack().pop()


def _progress_through(context: Context) -> Callable[..., int]:
    """Without a progress function, too: Python looks for signals here, so that Ctrl-C ends a long call."""
    reference = weakref.ref(context)

    def progress(_: Any, stage: bytes, done: int, total: int) -> int:
        owner = reference()
        if owner is None:
            return 0
        try:
            if owner._progress is not None and owner._raised is None:
                owner._progress(text_or_none(stage) or "", done, total)
        except BaseException as error:  # whatever it is, it must not pass through C
            owner._raised = error
        return 1 if owner._raised is not None else 0

    return progress


def _log_through(context: Context) -> Callable[..., None]:
    reference = weakref.ref(context)

    def log(_: Any, level: int, message: bytes) -> None:
        owner = reference()
        if owner is None:
            return
        try:
            if owner._log is not None and owner._raised is None:
                owner._log(level, text_or_none(message) or "")
        except BaseException as error:
            owner._raised = error  # the next progress cancels

    return log


class _Interrupts:
    """Ctrl-C in the main thread mostly strikes on the way into a callback, before its first line: ctypes can only hand
    that to sys.unraisablehook, so it is fetched there."""

    __slots__ = ("_context", "_before")

    def __init__(self, context: Context) -> None:
        self._context = context
        self._before: Any = None

    def __enter__(self) -> None:
        if threading.current_thread() is threading.main_thread():
            self._before, sys.unraisablehook = sys.unraisablehook, self._fetch

    def __exit__(self, *_: Any) -> None:
        if self._before is not None:
            sys.unraisablehook = self._before

    def _fetch(self, unraisable: Any) -> None:
        if unraisable.object in (self._context._progress_entry, self._context._log_entry):
            self._context._raised = unraisable.exc_value
        elif self._before is not None:
            self._before(unraisable)


_local = threading.local()


def _stack() -> "list[Context]":
    if not hasattr(_local, "stack"):
        _local.stack = []
    return _local.stack


def current(context: "Optional[Context]" = None) -> Context:
    """The context given, else that of the `with` around, else this thread's own."""
    if context is not None:
        return context
    stack = _stack()
    return stack[-1] if stack else own()


def own() -> Context:
    """This thread's own context: default options, no callbacks."""
    if not hasattr(_local, "own"):
        _local.own = Context()
    return _local.own
