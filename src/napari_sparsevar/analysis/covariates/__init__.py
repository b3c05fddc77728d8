"""What was recorded beside the activity (speed, stimuli, pupil), and how it is taken out."""
