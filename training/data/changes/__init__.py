"""What happens to speech on its way: channels, rooms, noises, other throats."""
