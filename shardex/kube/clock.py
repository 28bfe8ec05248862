"""When a schedule comes up next on the clock of a zone, changes of the clock included, as the peer reckons it."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta, tzinfo

from shardex.kube.schedule import Schedule
from shardex.rfc3339 import ZERO_TIME

MINUTE, HOUR, DAY = 60, 3600, 86400  # seconds
SEARCH_YEARS = 5  # what has no run by the end of the fifth calendar year ahead has none


def next_time(schedule: Schedule, after: int, local: tzinfo) -> int:
    """Unix seconds of the first run later than `after`; ZERO_TIME, as the peer prints it, when there is none.

    local  zone of a schedule that names none
    """
    if schedule.every:
        return after + schedule.every
    if not all((schedule.minutes, schedule.hours, schedule.days, schedule.months, schedule.weekdays)):
        return ZERO_TIME
    walk = _Walk(schedule, after + 1, schedule.zone or local)
    last_year = walk.wall.year + SEARCH_YEARS
    while walk.wall.year <= last_year:
        if walk.month() and walk.day() and walk.hour() and walk.minute() and walk.second():
            return walk.time
    return ZERO_TIME


class _Walk:
    """A time that goes forward until each of its fields is in a schedule's set.

    The methods named by fields move it to the next value that the field's set has; False when that began a new year,
    month, day, hour or minute: then the larger fields have to be looked at again. Months and days are steps of the
    calendar, hours and minutes of real time, and so the runs of an hour that the clocks skip or repeat

        skipped     come when the gap is over, in the same minute: 02:30 at 03:30
        repeated    come both times
    """

    def __init__(self, schedule: Schedule, time: int, zone: tzinfo) -> None:
        self.schedule = schedule
        self.zone = zone
        self.moved = False  # whether a field was moved: the first one that is lets the smaller ones start anew
        self.move(time)

    def move(self, time: int) -> None:
        self.time = time
        self.wall = datetime.fromtimestamp(time, self.zone)

    def show(self, wall: datetime) -> None:
        """Move to where the clock shows `wall`; what it shows never or twice is placed where Go's time.Date has it."""
        shown = int(wall.replace(tzinfo=UTC).timestamp())
        self.move(shown - self.offset(shown - self.offset(shown)))

    def offset(self, time: int) -> int:
        ahead = datetime.fromtimestamp(time, self.zone).utcoffset()
        return int(ahead.total_seconds()) if ahead else 0

    def begin(self, wall: datetime) -> None:
        if not self.moved:
            self.moved = True
            self.show(wall.replace(second=0))

    def leap(self, step: int, count: int) -> bool:
        """`count` steps at once; False, and none taken, when the clock changes on the way, for it may do so at any."""
        time = self.time + step * count
        wall = datetime.fromtimestamp(time, self.zone)
        if wall.utcoffset() != self.wall.utcoffset():
            return False
        self.time, self.wall = time, wall
        return True

    def month(self) -> bool:
        while not self.schedule.months >> self.wall.month & 1:
            self.begin(self.wall.replace(day=1, hour=0, minute=0))
            following = (self.wall.replace(day=1) + timedelta(days=31)).replace(day=1)
            self.show(following + timedelta(days=self.wall.day - 1))  # the first, unless it was skipped
            if self.wall.month == 1:
                return False
        return True

    def day(self) -> bool:
        days, weekdays = self.schedule.days, self.schedule.weekdays
        while not (days >> self.wall.day & 1 and weekdays >> self.wall.isoweekday() % 7 & 1):
            self.begin(self.wall.replace(hour=0, minute=0))
            if self.wall.hour == 0 and self.leap(DAY, _days_ahead(days, weekdays, self.wall)):
                self.show(self.wall)  # the clock may show this midnight twice
            else:
                self.tomorrow()
            if self.wall.day == 1:
                return False
        return True

    def tomorrow(self) -> None:
        start = self.time
        self.show(self.wall + timedelta(days=1))
        if self.time <= start:
            self.move(start + DAY)  # a day that the calendar left out (Samoa, 30 December 2011): the peer hangs
        if hour := self.wall.hour:  # the clocks skip this day's midnight
            self.move(self.time + (24 - hour if hour > 12 else -hour) * HOUR)

    def hour(self) -> bool:
        hours = self.schedule.hours
        while not hours >> self.wall.hour & 1:
            self.begin(self.wall.replace(minute=0))
            before = self.wall.hour
            if not self.leap(HOUR, _distance(hours, before, 24)):
                self.move(self.time + HOUR)
            if self.wall.hour - before == 2 and hours >> before + 1 & 1:
                return True  # the clocks skipped the hour of the run
            if self.wall.hour == 0:
                return False
        return True

    def minute(self) -> bool:
        minutes = self.schedule.minutes
        while not minutes >> self.wall.minute & 1:
            if not self.moved:
                self.moved = True
                self.move(self.time - self.time % MINUTE)  # not show(): the clock may show this minute twice
            if not self.leap(MINUTE, _distance(minutes, self.wall.minute, 60)):
                self.move(self.time + MINUTE)
            if self.wall.minute == 0:
                return False
        return True

    def second(self) -> bool:
        if self.wall.second:
            self.move(self.time + MINUTE - self.wall.second)
            return False
        return True


def _distance(bits: int, value: int, size: int) -> int:
    """Steps from a value to the next one in the set, or to the end of the field, where it is 0 again."""
    ahead = bits >> value + 1
    return (ahead & -ahead).bit_length() if ahead else size - value


def _days_ahead(days: int, weekdays: int, wall: datetime) -> int:
    """Days to the next one of the month that is in both sets, or to the first of the next month."""
    length = monthrange(wall.year, wall.month)[1]
    weekday = wall.isoweekday()
    for ahead in range(1, length - wall.day + 1):
        if days >> wall.day + ahead & 1 and weekdays >> (weekday + ahead) % 7 & 1:
            return ahead
    return length - wall.day + 1
